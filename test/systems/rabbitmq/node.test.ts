import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRabbit, type TestRabbit } from '../../support';

let rabbit: TestRabbit;
beforeAll(async () => {
  rabbit = await startRabbit();
});
afterAll(() => rabbit.kill());

test('a node of its own, and a virtual host a test', async () => {
  const one = await rabbit.vhost();
  const other = await rabbit.vhost();
  expect(one.name).not.toBe(other.name);
  const names = (await rabbit.api('GET', '/api/vhosts')) as readonly { name: string }[];
  expect(names.map(({ name }) => name)).toEqual(expect.arrayContaining(['/', one.name, other.name]));
  expect(await rabbit.api('GET', '/api/overview')).toMatchObject({ node: rabbit.node });
});
