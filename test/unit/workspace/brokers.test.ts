import { spawn } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InspectorError } from '../../../src/model';
import { createSurroundings, explainUnreachable, LIMITS, nodeFiles } from '../../../src/workspace';
import { findCandidates } from '../../../src/workspace/candidates';
import { interpolate, parseCompose } from '../../../src/workspace/compose';
import { processIsOurs } from '../../../src/workspace/processes';
import { moveUrl, splitUrl } from '../../../src/workspace/urls';
import { removeFolder, temporaryFolder } from '../../support/folders';
import { filesOf } from './files-of';

const never = new AbortController().signal;
const surroundingsOf = (files: Record<string, string>) =>
  createSurroundings({ files: filesOf(files), remote: false, restricted: null });
const unresolved = new InspectorError('unresolved', { message: 'No.', tried: 't', answer: 'a', remedy: 'r' });

describe('compose files', () => {
  it('are read in every syntax of ports', () => {
    const text = `
x-common: &common
  image: redis:7
services:
  short:
    <<: *common
    ports: ["6379", "6380:6379", "127.0.0.1:6381:6379/tcp", "[::1]:6382:6379", "7000-7001:6379-6380", "53:53/udp", 6383:6379]
  long:
    image: valkey/valkey:8
    container_name: cache
    hostname: cache.local
    networks: { default: { aliases: [queue] } }
    ports:
      - { target: 6379, published: "6400", host_ip: 0.0.0.0 }
      - { target: 6379, published: 6401, protocol: udp }
      - { target: 6379 }
  bare:
`;
    const [short, long, bare] = parseCompose(text, 'compose.yml', new Map());
    expect(short).toMatchObject({ service: 'short', line: 7, image: 'redis:7' });
    expect(short?.ports).toEqual([
      { host: 'localhost', published: 6380, target: 6379 },
      { host: '127.0.0.1', published: 6381, target: 6379 },
      { host: '::1', published: 6382, target: 6379 },
      { host: 'localhost', published: 7000, target: 6379 },
      { host: 'localhost', published: 7001, target: 6380 },
      { host: 'localhost', published: 6383, target: 6379 },
    ]);
    expect(long).toMatchObject({ service: 'long', line: 14, aliases: ['cache', 'cache.local', 'queue'] });
    expect(long?.ports).toEqual([{ host: 'localhost', published: 6400, target: 6379 }]);
    expect(bare).toBeUndefined();
  });

  it('take variables as Compose does', () => {
    const variables = new Map([
      ['SET', 'value'],
      ['EMPTY', ''],
    ]);
    const table = {
      '${SET}': 'value',
      $SET: 'value',
      '${SET:-other}': 'value',
      '${UNSET:-6379}': '6379',
      '${UNSET-6379}': '6379',
      '${EMPTY:-x}': 'x',
      '${EMPTY-x}': '',
      '${UNSET}': '',
      $$SET: '$SET',
      '${UNSET:-${SET:-y}}': 'value',
      '${SET:+yes}': 'yes',
      '${UNSET:+yes}': '',
      'a${SET}b': 'avalueb',
    };
    for (const [text, expected] of Object.entries(table)) expect(interpolate(text, variables), text).toBe(expected);
  });

  it.each(['', 'services: [', 'services: 5', '- a', 'services: { a: { ports: 5 } }', '\0', 'a: *b'])(
    'broken: %j',
    text => {
      expect(parseCompose(text, 'compose.yml', new Map()).flatMap(service => service.ports)).toEqual([]);
    },
  );
});

describe('hostile files', () => {
  it('never throw', () => {
    const piece = fc.constantFrom(
      'services',
      ':',
      '\n',
      ' ',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a',
      '*a',
      '<<',
      'ports',
      '"',
      "'",
      '6379',
      'a',
      '$',
      '!!x',
      '|',
      '?',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 40 }).map(pieces => pieces.join('')),
    );
    fc.assert(
      fc.property(text, content => {
        const services = parseCompose(content, 'compose.yml', new Map());
        findCandidates(services, [{ path: '.env', text: content }], [{ path: 's.py', text: content }]);
      }),
      { numRuns: 500 },
    );
  });

  it('do not grow by their aliases', () => {
    const lines = ['a0: &a0 { image: redis }'];
    for (let level = 1; level < 30; level++)
      lines.push(
        `a${level}: &a${level} { <<: [${Array(9)
          .fill(`*a${level - 1}`)
          .join(', ')}] }`,
      );
    const begun = performance.now();
    parseCompose(`${lines.join('\n')}\nservices: { one: *a29 }`, 'compose.yml', new Map());
    // Resolved one by one they would be 9 to the power of 29.
    expect(performance.now() - begun).toBeLessThan(20_000);
  });
});

describe('brokers that files name', () => {
  it('are found with their password apart, at the address where they are published', async () => {
    const brokers = await surroundingsOf({
      '.env':
        'REDIS_PORT=6390\nexport REDIS_URL="redis://:p%40ss@queue:6379/2"  # jobs\n# OLD=redis://old:1\nCELERY_BROKER_URL=amqp://guest:guest@rabbit:5672//\nOTHER=http://x.example',
      'compose.yml':
        'services:\n  queue:\n    image: redis:7\n    command: redis-server --requirepass "geheim"\n    ports: ["${REDIS_PORT}:6379"]\n  app:\n    image: shop\n    environment:\n      - RQ_REDIS_URL=redis://queue/0\n      - TEMPLATE=redis://{host}/0\n',
      'shop/settings.py':
        'import os\n# REDIS_URL = "redis://commented/0"\nREDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/1")\nCACHES = {"default": {"LOCATION": "rediss://me:pw@cache.example:6380/5"}}\nREDIS_HOST = "h.example"\nREDIS_PORT = 7777\nREDIS_PASSWORD = "s3cret"\nBROKER = f"redis://{HOST}/0"\n',
    }).brokers(never);
    expect(brokers.map(({ url, label, detail, password }) => [url, label, detail, password])).toEqual([
      ['redis://localhost:6390/0', 'queue', 'compose.yml:5 publishes it as 6390.', 'geheim'],
      ['redis://localhost:6390/2', 'REDIS_URL', '.env:2 names queue:6379. compose.yml:5 publishes it as 6390.', 'p@ss'],
      ['amqp://guest@rabbit:5672//', 'CELERY_BROKER_URL', '.env:4 names it.', 'guest'],
      ['redis://localhost:6379/1', 'REDIS_URL', 'shop/settings.py:3 names it.', null],
      ['rediss://me@cache.example:6380/5', 'LOCATION', 'shop/settings.py:4 names it.', 'pw'],
      ['redis://h.example:7777/0', 'REDIS_HOST', 'shop/settings.py:5 names it.', 's3cret'],
    ]);
    expect(JSON.stringify(brokers.map(({ password: _password, ...rest }) => rest))).not.toMatch(
      /p%40ss|geheim|s3cret|guest:/,
    );
  });

  it('are RabbitMQ too: as their images make them, and as variables name them', async () => {
    const brokers = await surroundingsOf({
      '.env':
        'RABBITMQ_HOST=mq\nRABBITMQ_USER=shop\nRABBITMQ_PASSWORD="p@ss"\nRABBITMQ_VHOST=/shop\nDATABASE_HOST=db\nCELERY_BROKER_URL=amqp://shop:x@mq/orders',
      'compose.yml':
        'services:\n  mq:\n    image: rabbitmq:3.13-management\n    ports: ["5673:5672", "15673:15672"]\n    environment:\n      RABBITMQ_DEFAULT_USER: shop\n      RABBITMQ_DEFAULT_PASS: geheim\n      RABBITMQ_DEFAULT_VHOST: orders\n  other:\n    image: bitnami/rabbitmq\n    ports: ["5672:5672"]\n',
    }).brokers(never);
    expect(brokers.map(({ url, label, detail, password }) => [url, label, detail, password])).toEqual([
      ['amqp://shop@localhost:5673/orders', 'mq', 'compose.yml:4 publishes it as 5673.', 'geheim'],
      ['amqp://localhost:5672/', 'other', 'compose.yml:11 publishes it as 5672.', null],
      [
        'amqp://shop@localhost:5673/%2Fshop',
        'RABBITMQ_HOST',
        '.env:1 names mq:5672. compose.yml:4 publishes it as 5673.',
        'p@ss',
      ],
    ]);
    expect(JSON.stringify(brokers.map(({ password: _password, ...rest }) => rest))).not.toMatch(/p%40ss|geheim|:x@/);
  });

  it('have URLs that are taken apart and moved', () => {
    expect(splitUrl('redis://:a@b@h:1/2?x=1')).toEqual({
      url: 'redis://h:1/2?x=1',
      password: 'a@b',
      host: 'h',
      port: 1,
    });
    expect(splitUrl('redis://[::1]/0')).toMatchObject({ host: '::1', port: 6379 });
    expect(splitUrl('unix:///tmp/x')).toMatchObject({ host: null });
    expect(moveUrl('redis://me@this_redis/3?x=1', 'localhost', 7)).toBe('redis://me@localhost:7/3?x=1');
    expect(moveUrl('redis://[::1]:5/3', '::1', 7)).toBe('redis://[::1]:7/3');
  });
});

describe('an unreachable broker', () => {
  const files = {
    'compose.yml': 'services:\n  queue:\n    image: redis\n    ports: ["6390:6379"]\n  hidden:\n    image: redis\n',
  };

  it('on another port of this machine', async () => {
    const refused = new InspectorError('unreachable', { message: 'Refused.', tried: 't', answer: 'a', remedy: 'r' });
    const explained = await explainUnreachable(refused, 'redis://localhost:6379/4', surroundingsOf(files), never);
    expect(explained.message).toBe('Refused. compose.yml publishes queue as localhost:6390.');
    expect(explained.details?.['alternatives']).toEqual([
      { url: 'redis://localhost:6390/4', why: 'compose.yml:4 publishes queue as localhost:6390.' },
    ]);
  });

  it('that is not published at all', async () => {
    const explained = await explainUnreachable(unresolved, 'redis://hidden:6379/0', surroundingsOf(files), never);
    expect(explained.message).toBe('No. compose.yml has that service, but publishes no port of it.');
    expect(explained.remedy).toContain('add "6379:6379" to the ports of hidden (compose.yml:5)');
  });

  it('is left alone when it answers', async () => {
    const error = new InspectorError('unauthorized', { message: 'No.', tried: 't', answer: 'a', remedy: 'r' });
    expect(await explainUnreachable(error, 'redis://queue:6379/0', surroundingsOf(files), never)).toBe(error);
  });
});

describe('files of a folder', () => {
  it('are bounded, and never lead out of it', async () => {
    const outside = temporaryFolder('outside');
    const root = temporaryFolder('folder');
    writeFileSync(join(outside, 'secret.env'), 'x');
    mkdirSync(join(root, 'a/node_modules'), { recursive: true });
    writeFileSync(join(root, 'a/one.env'), 'one');
    writeFileSync(join(root, 'a/node_modules/no.env'), 'no');
    writeFileSync(join(root, 'big.env'), Buffer.alloc(LIMITS.bytes + 1, 'x'));
    writeFileSync(join(root, 'binary.env'), Buffer.from([65, 0, 66]));
    symlinkSync(join(outside, 'secret.env'), join(root, 'link.env'));
    symlinkSync(join(root, 'a/one.env'), join(root, 'inner.env'));
    symlinkSync(outside, join(root, 'folder-link'));
    symlinkSync(root, join(root, 'a/ring'));
    const files = nodeFiles(root);
    expect(await files.list(['*.env'], never)).toEqual(['a/one.env', 'big.env', 'binary.env', 'inner.env']);
    expect(await files.read('a/one.env', never)).toBe('one');
    expect(await files.read('inner.env', never)).toBe('one');
    for (const path of [
      'link.env',
      'folder-link/secret.env',
      '../secret.env',
      'big.env',
      'binary.env',
      'none.env',
      'a',
    ])
      expect(await files.read(path, never), path).toBeNull();
    await expect(files.list(['*'], AbortSignal.abort())).rejects.toThrow();
    removeFolder(root);
    removeFolder(outside);
  });
});

describe('processes of this machine', () => {
  it('are known by the socket they listen on', async () => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await processIsOurs(process.pid, { port })).toBe(true);
    const other = spawn('sleep', ['60']);
    expect(await processIsOurs(other.pid ?? 0, { port })).toBe(false);
    other.kill();
    await new Promise(resolve => server.close(resolve));
    expect(await processIsOurs(process.pid, { port })).toBe(false);
    expect(await processIsOurs(2 ** 30, { port })).toBe(false);
    expect(await processIsOurs(-1, { port })).toBe(false);
  });

  it('are known by their unix socket', async () => {
    const folder = temporaryFolder('socket');
    const unixSocket = join(folder, 'a b.sock');
    const server = createServer();
    await new Promise<void>(resolve => server.listen(unixSocket, resolve));
    expect(await processIsOurs(process.pid, { unixSocket })).toBe(true);
    expect(await processIsOurs(process.pid, { unixSocket: `${unixSocket}x` })).toBe(false);
    await new Promise(resolve => server.close(resolve));
    removeFolder(folder);
  });
});
