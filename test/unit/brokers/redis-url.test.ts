import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatRedisUrl,
  parseRedisUrl,
  showAddress,
  showRedisUrl,
  splitRedisUrl,
} from '../../../src/brokers/redis/url';
import { InspectorError } from '../../../src/model';

function refusal(text: string): InspectorError {
  try {
    parseRedisUrl(text);
  } catch (thrown) {
    if (thrown instanceof InspectorError) return thrown;
    throw thrown;
  }
  throw new Error(`${text} was read.`);
}

describe('reading a Redis URL', () => {
  it.each([
    ['redis://localhost', 'redis://localhost:6379/0', null],
    ['localhost:6380', 'redis://localhost:6380/0', null],
    ['  redis://host:1/3  ', 'redis://host:1/3', null],
    ['"redis://host/2"', 'redis://host:6379/2', null],
    ['export REDIS_URL=redis://:pw@host:6379/0', 'redis://host:6379/0', 'pw'],
    ['redis-cli -u redis://me:pw@host', 'redis://me@host:6379/0', 'pw'],
    ['redis://host/1?db=4', 'redis://host:6379/4', null],
    ['redis://host?db=4&socket_timeout=5&protocol=3', 'redis://host:6379/4', null],
    ['redis://host?password=p%26w&username=me', 'redis://me@host:6379/0', 'p&w'],
    ['rediss://host/0?ssl_cert_reqs=CERT_NONE', 'rediss://host:6379/0?ssl_cert_reqs=none', null],
    ['valkeys://host', 'rediss://host:6379/0', null],
    ['REDIS://Host', 'redis://Host:6379/0', null],
    ['redis://[::1]:6380/1', 'redis://[::1]:6380/1', null],
    ['redis://me:pw@[fe80::1%25eth0]', null, 'pw'],
    ['redis://us%40er:p%2Fw%25@host', 'redis://us%40er@host:6379/0', 'p/w%'],
    ['redis://:100%sure@host', 'redis://host:6379/0', '100%sure'],
    ['redis://:p@ss/w#r?d@host:6379/0', 'redis://host:6379/0', 'p@ss/w#r?d'],
    ['redis://:a@b/c@host', 'redis://host:6379/0', 'a@b/c'],
    ['redis://user@host', 'redis://user@host:6379/0', null],
    ['unix:///tmp/redis.sock?db=2', 'unix:///tmp/redis.sock?db=2', null],
    ['redis+unix://me:pw@/tmp/a%20b.sock', 'unix://me@/tmp/a%20b.sock?db=0', 'pw'],
    ['redis+socket:///tmp/x?virtual_host=5', 'unix:///tmp/x?db=5', null],
    ['redis+sentinel://a:1,b,[::1]:3/shop/2', 'redis+sentinel://a:1,b:26379,[::1]:3/shop/2', null],
    ['rediss+sentinel://me:p@w@a/my%20shop', 'rediss+sentinel://me@a:26379/my%20shop/0', 'p@w'],
  ])('%s', (text, url, password) => {
    if (url !== null) expect(splitRedisUrl(text)).toEqual({ url, password });
    else expect(splitRedisUrl(text).password).toBe(password);
  });

  it.each([
    ['', 'the URL is empty'],
    ['http://host:80', 'the scheme "http://" is not one of a Redis'],
    ['redis://', 'the host is missing'],
    ['redis://:secret', 'the host is missing'],
    ['redis://host:port', 'the port of host is not a number from 1 to 65535'],
    ['redis://host:70000', 'the port of host is not a number from 1 to 65535'],
    ['redis://host/zero', 'the database is not a number'],
    ['redis://host/-1', 'the database is not a number'],
    ['redis://host/0/more', 'something follows the database number'],
    ['redis://ho st', 'there is a blank inside'],
    ['redis://fe80::1', 'the host cannot be read'],
    ['redis://a:1,b:2/0', 'it names several hosts'],
    ['redis+sentinel://a:1', 'the name of the master is missing'],
    ['unix://', 'the path of the socket is missing'],
    ['unix://tmp/redis.sock', 'a unix socket has no host'],
  ])('refuses %s', (text, what) => {
    const error = refusal(text);
    expect(error.code).toBe('bad-value');
    expect(error.message).toBe(`This is no Redis URL: ${what}.`);
    expect(error.remedy).toContain('redis://host:6379/0');
  });

  it('reads back what it writes, and never writes the password', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter(value => value.trim() !== '');
    const host = fc.constantFrom('localhost', 'a.example', '10.0.0.1', '::1', 'this_redis');
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), fc.nat(99), fc.option(text), fc.boolean(), (...parts) => {
        const [name, port, database, username, tls] = parts;
        const nodes = [{ host: name, port }];
        const address = {
          kind: 'tcp',
          nodes,
          path: null,
          masterName: null,
          database,
          username,
          tls,
          verify: true,
        } as const;
        expect(parseRedisUrl(formatRedisUrl(address))).toEqual({ address, password: null });
        const master = { ...address, kind: 'sentinel', masterName: 'my/shop' } as const;
        expect(parseRedisUrl(formatRedisUrl(master)).address).toEqual(master);
      }),
    );
  });

  it('takes any percent-encoded password off, and shows it nowhere', () => {
    const secret = fc.string({ unit: 'binary', minLength: 4, maxLength: 30 }).filter(text => text.isWellFormed());
    fc.assert(
      fc.property(secret, password => {
        const url = `redis://me:${encodeURIComponent(password)}@host:6379/0`;
        expect(splitRedisUrl(url)).toEqual({ url: 'redis://me@host:6379/0', password });
        expect(showRedisUrl(url)).toBe('redis://me@host:6379/0');
      }),
    );
  });

  it('shows nothing that could be a password of what is no URL', () => {
    const secret = fc.stringMatching(/^[\w@:/?#&=.,%! -]{6,20}$/).filter(text => text.trim().length > 5);
    fc.assert(
      fc.property(secret, fc.constantFrom('redis', 'rediss', 'foo', 'redis+sentinel'), (password, scheme) => {
        const marked = `Q7Z${password}`;
        for (const text of [
          `${scheme}://:${marked}`,
          `${scheme}://user:${marked}@ho st/x`,
          `${scheme}://:${marked}@host:x`,
        ]) {
          expect(showRedisUrl(text)).not.toContain('Q7Z');
          try {
            parseRedisUrl(text);
          } catch (thrown) {
            expect(JSON.stringify(thrown)).not.toContain('Q7Z');
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('reads or refuses any text, in its own words', () => {
    const piece = fc.constantFrom(
      'redis',
      's',
      '+sentinel',
      '://',
      ':',
      '@',
      '/',
      '?',
      '#',
      ',',
      '[',
      ']',
      'db=',
      '&',
      '%',
      '1',
      'host',
      ' ',
      'unix',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 15 }).map(pieces => pieces.join('')),
    );
    fc.assert(
      fc.property(text, url => {
        try {
          const read = parseRedisUrl(url);
          expect(parseRedisUrl(formatRedisUrl(read.address)).address).toEqual(read.address);
        } catch (thrown) {
          if (!(thrown instanceof InspectorError)) throw thrown;
          expect(thrown.code).toBe('bad-value');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('calls a broker by its place', () => {
    const called = (text: string) => showAddress(parseRedisUrl(text).address);
    expect(called('redis://me:pw@[::1]:7/1')).toBe('[::1]:7/1');
    expect(called('redis+sentinel://a:1,b:2/shop/3')).toBe('shop@a:1/3');
    expect(called('unix:///tmp/r.sock')).toBe('/tmp/r.sock/0');
  });
});
