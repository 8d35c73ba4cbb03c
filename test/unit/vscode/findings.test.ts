import { expect, test } from 'vitest';
import { type Findings, rowsBelow } from '../../../src/vscode/findings/model';

const notChecked = {
  rule: 'celery.expired-waiting',
  checked: false,
  reason: 'waiting messages were not looked at',
} as const;
const seen = (name: string) => ({ connection: { id: name, name }, notChecked });
const rows = (all: Findings['notChecked']) =>
  rowsBelow({ found: [], notChecked: all, checked: 3, brokers: 2, at: 0 }, 'g:not-checked');

test('what was not checked says where, in the row where several are listed', () => {
  const [first, second] = rows([seen('shop-local'), seen('shop-rabbitmq')]);
  expect(first?.description).toBe('shop-local · waiting messages were not looked at');
  expect(second?.spoken).toBe(
    'celery.expired-waiting, not checked, shop-rabbitmq, waiting messages were not looked at',
  );
  const [alone] = rows([seen('shop-local')]);
  expect(alone?.description).toBe('waiting messages were not looked at');
  expect(alone?.tooltip).toEqual(['celery.expired-waiting', 'shop-local', 'waiting messages were not looked at']);
});
