/** Where the management API of a RabbitMQ is: said in an option, its password apart. */
import { expect, test } from 'vitest';
import { companionSecret, splitUrl } from '../../../src/inspector';
import { withManagementSecret } from '../../../src/inspector/companions';
import { managementOption } from '../../../src/inspector/rabbit';
import { profileOf } from './fakes';

test('its URL is split as that of a broker is', () => {
  expect(splitUrl('https://mon%40x:s3cret@rabbit.example:15671/#/')).toEqual({
    url: 'https://mon%40x@rabbit.example:15671',
    password: 's3cret',
    name: 'rabbit.example:15671',
  });
  expect(splitUrl(' http://localhost:15672 ')).toEqual({
    url: 'http://localhost:15672',
    password: null,
    name: 'localhost:15672',
  });
});

test('its password is there only while it is opened', async () => {
  const options = { celery: { results: 'redis://h/1', management: 'http://mon@h:1' } };
  const profile = profileOf({ id: 'a', url: 'amqp://h/', options });
  const secrets = new Map([[companionSecret('a', 'celery', 'management'), 'p@ss']]);
  const from = { get: async (name: string) => secrets.get(name) };
  const opened = await withManagementSecret(profile, from);
  expect(managementOption(opened)).toBe('http://mon:p%40ss@h:1/');
  expect(opened.options?.['celery']?.['results']).toBe('redis://h/1');
  expect(JSON.stringify(profile)).not.toContain('p%40ss');
  secrets.clear();
  expect(await withManagementSecret(profile, from)).toBe(profile);
});

test('it may be switched off, or not said at all', () => {
  const said = (management: unknown) => managementOption({ options: { rq: {}, rabbitmq: { management } } });
  expect([said('none'), said(false), said(null)]).toEqual([null, null, null]);
  expect([said(undefined), said(' '), said(5), managementOption({})]).toEqual(Array(4).fill(undefined));
  expect(said('http://h')).toBe('http://h');
});
