import { describe, expect, it } from 'vitest';
import { compareVersions } from '../../../src/brokers/common/versions';
import { assertReading, commandsOf, summarize } from '../../../src/brokers/redis/commands';
import { commandIn, replyWords } from '../../../src/brokers/redis/failures';
import { isLoopback, ownMachine } from '../../../src/brokers/redis/own';
import { parseInfo, serverOf } from '../../../src/brokers/redis/server';

describe('what a refusal means', () => {
  it.each([
    ['NOAUTH Authentication required.', 'unauthorized'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'unauthorized'],
    ['ERR invalid password', 'unauthorized'],
    ["NOPERM this user has no permissions to run the 'eval' command or its subcommand", 'forbidden'],
    ["NOPERM User default has no permissions to run the 'client|list' command", 'forbidden'],
    ['NOPERM No permissions to access a key', 'forbidden'],
    ["READONLY You can't write against a read only replica.", 'replica'],
    [
      'ERR Error running script (call to f_ab): @user_script:3: @user_script: 3: -OOM command not allowed',
      'out-of-memory',
    ],
    ["OOM command not allowed when used memory > 'maxmemory'. script: ab, on @user_script:1.", 'out-of-memory'],
    ['MISCONF Redis is configured to save RDB snapshots', 'broker-error'],
    ['BUSY Redis is busy running a script.', 'broker-error'],
    ['MOVED 3999 127.0.0.1:6381', 'unsupported'],
    ['ERR unknown command `HELLO`, with args beginning with: `2`, ', 'unsupported'],
    ['ERR DB index is out of range', 'no-such-database'],
    ['ERR max number of clients reached', 'unreachable'],
    ['ERR something of tomorrow', 'broker-error'],
  ])('%s', (reply, code) => {
    const [found, message, remedy] = replyWords(reply);
    expect(found).toBe(code);
    expect(message).not.toBe('');
    expect(remedy).not.toBe('');
  });

  it('names the command', () => {
    expect(commandIn("NOPERM User x has no permissions to run the 'acl|dryrun' command")).toBe('ACL|DRYRUN');
    expect(replyWords("NOPERM User x has no permissions to run the 'client|list' command")[1]).toBe(
      'This user may not run CLIENT LIST (ACL).',
    );
    expect(commandIn('ERR unknown command `LPOS`, with args beginning with: ')).toBe('LPOS');
  });
});

describe('commands', () => {
  it('lets pass only what changes nothing', () => {
    for (const command of ['GET', 'zrange', 'XRANGE', 'DBSIZE'] as const) assertReading([command, 'x']);
    assertReading(['client', 'list']);
    assertReading(['CONFIG', 'GET', 'maxmemory']);
    const changing = [
      'SET',
      'SPOP',
      'EVAL',
      'EXPIRE',
      'XREADGROUP',
      'KEYS',
      'GETDEL',
      'GETEX',
      'RENAME',
      'MULTI',
      'toString',
    ];
    for (const command of changing) expect(() => assertReading([command, 'x'])).toThrow('is not a reading command');
    expect(() => assertReading(['CLIENT', 'KILL'])).toThrow('CLIENT KILL is not a reading command');
    expect(() => assertReading(['CONFIG', 'GET', 'requirepass'])).toThrow();
  });

  it('finds what a script calls, and sums a batch up', () => {
    expect(commandsOf(`redis.call('get', k) redis.pcall( "LPUSH",k) redis.call('GET', x) call('DEL')`)).toEqual([
      'GET',
      'LPUSH',
    ]);
    expect(
      summarize([
        ['GET', 'a'],
        ['get', 'b'],
        ['LLEN', 'c'],
      ]),
    ).toBe('GET ×2, LLEN');
  });
});

describe('servers', () => {
  it('compares versions by their numbers', () => {
    expect(compareVersions('7.10.0', '7.9')).toBeGreaterThan(0);
    expect(compareVersions('6.2', '6.2.0')).toBe(0);
    expect(compareVersions('5.0.14', '6')).toBeLessThan(0);
  });

  it('knows a Valkey, whose commands are those of the Redis it names', () => {
    const server = serverOf(
      parseInfo('# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0\r\nrole:slave\r\n'),
    );
    expect(server).toMatchObject({ product: 'valkey', version: '8.1.0', role: 'replica', processId: null });
    expect([server.atLeast('7.2'), server.atLeast('7.4')]).toEqual([true, false]);
  });
});

describe("this machine's own", () => {
  const server = serverOf(
    new Map([
      ['redis_version', '7.0'],
      ['process_id', '42'],
      ['tcp_port', '6379'],
    ]),
  );
  const surroundings = (answer: boolean | null, remote = false) => ({ remote, processIsOurs: async () => answer });

  it('is a unix socket, or a loopback address whose process is in the process table', async () => {
    expect((await ownMachine(server, 'unix:///tmp/r', surroundings(false))).own).toBe(true);
    expect(await ownMachine(server, 'redis://localhost', surroundings(true))).toEqual({
      own: true,
      reason: 'Process 42 of this machine listens on port 6379.',
    });
  });

  it.each([
    [
      'redis://localhost',
      surroundings(false),
      'localhost may lead elsewhere, through a tunnel. No process 42 of this machine listens on port 6379.',
    ],
    [
      'redis://127.0.0.1',
      surroundings(null),
      '127.0.0.1 may lead elsewhere, through a tunnel. Whether process 42 is one of this machine cannot be told.',
    ],
    [
      'redis://localhost:7000',
      surroundings(true),
      'localhost may lead elsewhere, through a tunnel. The server itself listens on port 6379, not on 7000.',
    ],
    ['redis://shop.example', surroundings(true), 'shop.example is another machine.'],
    ['redis://localhost', surroundings(true, true), 'This window works on another machine, through SSH.'],
    ['unix:///tmp/r', surroundings(true, true), 'This window works on another machine, through SSH.'],
  ])('is not: %s', async (url, facts, reason) => {
    expect(await ownMachine(server, url, facts)).toEqual({ own: false, reason });
  });

  it('knows loopback addresses by their form', () => {
    for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '127.1.2.3', '::1', 'a.localhost'])
      expect(isLoopback(host)).toBe(true);
    for (const host of ['localhost.example', '128.0.0.1', '10.0.0.1', '::2', 'redis'])
      expect(isLoopback(host)).toBe(false);
  });
});
