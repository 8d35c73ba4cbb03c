import { describe, expect, test } from 'vitest';
import {
  accessOf,
  atDatabase,
  draftOf,
  draftOfFields,
  draftOfManagement,
  freeName,
  isLoopbackUrl,
  labelOf,
  throughTls,
} from '../../../src/vscode/addbroker/draft';
import { demoBrokers } from '../../../src/vscode/demo';
import { readProfiles, savedProfile, splitPassword } from '../../../src/vscode/profiles';

describe('what a person types', () => {
  test('a password never stays in the URL, whatever it is made of', () => {
    for (const password of ['secret', 'p:w', 'a@b', 'a/b', '%', 'ü#?']) {
      const encoded = encodeURIComponent(password);
      expect(splitPassword(`redis://shop:${encoded}@host:6379/0`)).toEqual({
        url: 'redis://shop@host:6379/0',
        password,
      });
    }
    expect(splitPassword('redis://:p@ss@host/0')).toEqual({ url: 'redis://host/0', password: 'p@ss' });
    expect(splitPassword('redis://:100%@host')).toEqual({ url: 'redis://host', password: '100%' });
    expect(splitPassword('redis://host:6379/0')).toEqual({ url: 'redis://host:6379/0', password: undefined });
    expect(splitPassword('redis://shop@host')).toEqual({ url: 'redis://shop@host', password: undefined });
  });

  test('a bare host is a Redis; text that leads nowhere is none', () => {
    expect(draftOf('localhost:6380')?.url).toBe('redis://localhost:6380');
    expect(draftOf(' this_redis:6379/2 ')?.url).toBe('redis://this_redis:6379/2');
    for (const text of ['', 'two words', 'what?', '-x']) expect(draftOf(text), text).toBeNull();
  });

  test('names are taken from the host, and are never taken twice', () => {
    expect(labelOf('redis://shop@cache.example:6379/0')).toBe('cache.example');
    expect(freeName('a', new Set(['a', 'a-2']))).toBe('a-3');
  });

  test('another database of the same server', () => {
    expect(atDatabase('redis://host:6379/0', 3)).toBe('redis://host:6379/3');
    expect(atDatabase('rediss://u@host', 1)).toBe('rediss://u@host/1');
    expect(atDatabase('redis+sentinel://a:1,b:2/main/0', 4)).toBe('redis+sentinel://a:1,b:2/main/4');
  });
});

describe('access of a new connection', () => {
  test('Local at a loopback address is the person’s word; anywhere else the broker has to be shown to be own', () => {
    expect(accessOf('local', 'redis://localhost:6379', 'own', false)).toBe('read-write');
    expect(accessOf('local', 'redis://localhost:6379', 'own', true)).toBe('own');
    expect(accessOf('local', 'redis://db.example:6379', 'own', false)).toBe('own');
    expect(accessOf('development', 'redis://localhost:6379', 'own', false)).toBe('own');
    expect(accessOf('production', 'redis://localhost:6379', 'own', true)).toBe('read-only');
    expect(accessOf('local', 'redis://localhost:6379', 'read-only', true)).toBe('read-only');
  });

  test('loopback is told by the whole host', () => {
    for (const url of ['redis://localhost', 'redis://u@127.0.0.1:1/0', 'redis://[::1]:6379'])
      expect(isLoopbackUrl(url), url).toBe(true);
    for (const url of ['redis://localhost.example', 'redis://10.0.0.1']) expect(isLoopbackUrl(url), url).toBe(false);
  });
});

describe('saved profiles', () => {
  const good = { id: 'a', name: 'shop', url: 'redis://:secret@host/0', environment: 'local' };

  test('one broken entry never hides the others, and is named', () => {
    const { profiles, problems } = readProfiles([{ ...good, url: 'no url' }, good, { ...good, name: 'again' }, 7]);
    expect(profiles.map(({ name }) => name)).toEqual(['shop']);
    expect(problems).toHaveLength(3);
    expect(problems[0]).toContain('connections[0].url');
  });

  test('a password that somebody wrote into the setting does not stay there', () => {
    const [profile] = readProfiles([good]).profiles;
    expect(JSON.stringify(profile)).not.toContain('secret');
    expect(savedProfile({ ...profile!, url: 'redis://u:secret@host' }).url).toBe('redis://u@host');
  });

  test('what is no list is no reason to fail', () => {
    expect(readProfiles(undefined)).toEqual({ profiles: [], problems: [] });
    expect(readProfiles('x').problems).toHaveLength(1);
  });
});

test('the demo’s brokers are there only in the demo, their passwords apart', () => {
  const there = { JOB_QUEUES_DEMO: '1', JOB_QUEUES_DEMO_URL: 'redis://:x@h:1/0' };
  expect(demoBrokers({ JOB_QUEUES_DEMO_URL: 'redis://:x@h' })).toEqual([]);
  const [demo, ...none] = demoBrokers(there);
  expect(none).toEqual([]);
  expect(demo).toMatchObject({ password: 'x', profile: { name: 'shop-local', url: 'redis://h:1/0' } });
  const options = { celery: { results: 'redis://:z@h:1/2', management: 'http://h:3' } };
  const JOB_QUEUES_DEMO_RABBITMQ = JSON.stringify({ url: 'amqp://u:y@h:2/v', options });
  const [, rabbit] = demoBrokers({ ...there, JOB_QUEUES_DEMO_RABBITMQ });
  expect(rabbit).toMatchObject({ password: 'y', profile: { url: 'amqp://u@h:2/v' } });
  expect(rabbit?.further).toEqual([{ system: 'celery', role: 'results', password: 'z' }]);
  expect(rabbit?.profile.options).toEqual({ celery: { results: 'redis://h:1/2', management: 'http://h:3' } });
});

describe('a RabbitMQ', () => {
  test('is told by its URL or its usual ports; its password never stays in the URL', () => {
    expect(draftOf('amqp://shop:p@ss@rabbit//')).toMatchObject({
      url: 'amqp://shop@rabbit:5672/%2F',
      password: 'p@ss',
      label: 'rabbit',
    });
    expect(draftOf('pyamqp://u:p@a/v;pyamqp://u:p@b/v')).toMatchObject({
      url: 'amqp://u@a:5672,b:5672/v',
      password: 'p',
    });
    expect(draftOf('localhost:5672')?.url).toBe('amqp://localhost:5672/%2F');
    expect(draftOf('localhost:5671')?.url).toBe('amqps://localhost:5671/%2F');
    expect(JSON.stringify({ ...draftOf('amqp://u:s3cret@h:no/v'), password: undefined })).not.toContain('s3cret');
  });

  test('is found behind its management URL', () => {
    expect(draftOfManagement('http://mon:s3cret@rabbit.example:15672/#/queues')).toEqual({
      url: 'amqp://mon@rabbit.example:5672/%2F',
      password: 's3cret',
      tls: undefined,
      options: { rabbitmq: { management: 'http://rabbit.example:15672' } },
      label: 'rabbit.example',
    });
    expect(draftOfManagement('https://[::1]:15671')?.url).toBe('amqps://[::1]:5671/%2F');
    for (const text of ['', 'rabbit:15672', 'amqp://rabbit']) expect(draftOfManagement(text), text).toBeNull();
  });

  test('through TLS has the port of TLS', () => {
    const through = (url: string) => throughTls({ url, password: undefined, tls: undefined, label: '' }).url;
    expect(through('amqp://u@h:5672/v')).toBe('amqps://u@h:5671/v');
    expect(through('amqp://u@a:5673,b:5674/v')).toBe('amqps://u@a:5673,b:5674/v');
    expect(through('redis://h:6379/0')).toBe('rediss://h:6379/0');
  });

  test('field by field: the virtual host is encoded, the management API an option', () => {
    const values = { host: 'h', port: '5672', vhost: '/', user: 'a b', password: 'p', management: 'http://h:8080' };
    expect(draftOfFields('amqp', values)).toEqual({
      url: 'amqp://a%20b@h:5672/%2F',
      password: 'p',
      tls: undefined,
      options: { rabbitmq: { management: 'http://h:8080' } },
      label: 'h',
    });
    expect(draftOfFields('amqps', { host: 'h', port: '5671', vhost: 'shop', ca: '/ca.pem' })).toEqual({
      url: 'amqps://h:5671/shop',
      password: undefined,
      tls: { ca: '/ca.pem' },
      label: 'h',
    });
  });
});
