import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { redisCli } from '../../../src/brokers/redis/cli';
import { quoteForRedisCli, quoteForShell } from '../../../src/brokers/redis/shell';
import { parseRedisUrl } from '../../../src/brokers/redis/url';

/** What a real shell makes of a command line: its arguments, each behind a zero byte. */
function argumentsOf(line: string): string[] {
  return execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);
}

const text = fc
  .string({ unit: 'binary', maxLength: 40 })
  .filter(value => value.isWellFormed() && !value.includes('\0'));
const nasty = fc.stringMatching(/^['"\\$`!*?~#&|;<>(){}[\]\n\t =-]{0,20}$/);

it('hands every text to a POSIX shell as one argument', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(text, nasty), { minLength: 1, maxLength: 20 }), parts => {
      expect(argumentsOf(parts.map(quoteForShell).join(' '))).toEqual(parts);
    }),
    { numRuns: 150 },
  );
});

it('leaves plain words as they are, and refuses a zero byte', () => {
  expect(quoteForShell('rq:job:9c1f04e2')).toBe('rq:job:9c1f04e2');
  expect(quoteForShell('')).toBe("''");
  expect(quoteForShell("it's")).toBe(String.raw`'it'\''s'`);
  expect(() => quoteForShell('a\0b')).toThrow('zero byte');
});

it("writes every byte in redis-cli's own quoting", () => {
  expect(quoteForRedisCli(Buffer.from([0, 255, 34, 92, 10, 65]))).toBe(String.raw`"\x00\xff\"\\\x0aA"`);
  expect(quoteForRedisCli(Buffer.from('rq:queue:default'))).toBe('rq:queue:default');
});

const options = (url: string, tls = {}) => ({
  ...parseRedisUrl(url),
  tls,
  sentinelUsername: null,
  sentinelPassword: null,
  timeoutMs: 1,
});

it('makes command lines without secrets', () => {
  const command = ['HGETALL', 'rq:job:a b'];
  expect(redisCli(command, options('redis://me:geheim@host:1/2'), 'host:1')).toBe(
    "redis-cli -h host -p 1 --user me --askpass -n 2 HGETALL 'rq:job:a b'",
  );
  expect(redisCli(['PING'], options('unix:///tmp/r.sock'), '/tmp/r.sock')).toBe('redis-cli -s /tmp/r.sock PING');
  expect(redisCli(['PING'], options('rediss://[::1]/0', { ca: '/ca.pem', key: '-----BEGIN X' }), '[::1]:6379')).toBe(
    'redis-cli -h ::1 -p 6379 --tls --cacert /ca.pem PING',
  );
  expect(redisCli(['GET', Buffer.from([0, 39])], options('redis://h'), 'h:6379')).toBe(
    String.raw`printf '%s\n' 'GET "\x00'\''"' | redis-cli -h h -p 6379`,
  );
});
