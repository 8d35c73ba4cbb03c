/** `npm test -- --without rabbitmq` leaves out files by their path: what needs a RabbitMQ must say so there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../../scripts/setup/paths.mjs';

test('every test that starts a RabbitMQ has it in its path', () => {
  const folder = join(root, 'test');
  const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(path =>
    /^(systems|workbench)\/.*\.test\.ts$/.test(path),
  );
  const starting = tests.filter(path => /\bstartRabbit(Shop)?\b/.test(readFileSync(join(folder, path), 'utf8')));
  expect(starting.length).toBeGreaterThan(0);
  expect(starting.filter(path => !path.includes('rabbit'))).toEqual([]);
});
