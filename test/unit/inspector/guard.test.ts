import { describe, expect, test, vi } from 'vitest';
import type { ENVIRONMENTS } from '../../../src/inspector';
import { baseAccess, isLoopback, readOnly, writable } from '../../../src/inspector/access';
import { checkGuard, confirmation, notUndoable, WriteGrants } from '../../../src/inspector/guard';
import { nothingKnown } from '../../support/surroundings';
import { DELETE, fakeLink, planOf, profileOf, RETRY } from './fakes';

const MB = 1 << 20;
const open = writable('yes');

describe('what is asked', () => {
  const asks = (environment: (typeof ENVIRONMENTS)[number], action: typeof DELETE, total: number) =>
    confirmation(profileOf({ environment }), open, planOf(action, total), MB).ask;

  test.each(['local', 'development', 'staging'] as const)('on %s', environment => {
    expect(asks(environment, RETRY, 1)).toBe('nothing');
    expect(asks(environment, RETRY, 2)).toBe('sheet');
    expect(asks(environment, DELETE, 1)).toBe('modal');
    expect(asks(environment, DELETE, 2)).toBe('sheet-modal');
  });

  test('on production', () => {
    expect(asks('production', RETRY, 1)).toBe('modal');
    expect(asks('production', RETRY, 2)).toBe('sheet-modal');
    expect(asks('production', DELETE, 1)).toBe('typed');
    expect(asks('production', DELETE, 2)).toBe('sheet-typed');
  });

  test('emptying a queue counts as many, whatever it holds', () => {
    const plan = planOf(DELETE, 1, { targets: [{ kind: 'queue', name: 'default' }] });
    expect(confirmation(profileOf(), open, plan, MB).ask).toBe('sheet-modal');
  });

  test('what exceeds the copies that are kept asks for the name everywhere', () => {
    const asked = confirmation(profileOf(), open, planOf(DELETE, 1, { savedBytes: 2 * MB }), MB);
    expect(asked).toEqual({ needsWriting: false, ask: 'typed', typed: 'shop-local' });
    expect(notUndoable(planOf(DELETE, 1, { savedBytes: 2 * MB }), MB, true)).toContain('cannot be undone');
  });

  test('copies that are switched off take undo away, and say so', () => {
    expect(notUndoable(planOf(DELETE, 1), MB, false)).toContain('switched off');
    expect(notUndoable(planOf(DELETE, 1), MB, true)).toBeNull();
    expect(notUndoable(planOf({ ...DELETE, undo: { kind: 'none', reason: 'It is gone.' } }, 1), MB, true)).toBe(
      'It is gone.',
    );
  });
});

describe('what passes', () => {
  const pass = (plan: ReturnType<typeof planOf>, given: Parameters<typeof checkGuard>[3], more = {}, access = open) => {
    const profile = profileOf(more);
    checkGuard(profile, access, confirmation(profile, access, plan, MB), given);
  };
  const production = { environment: 'production', name: 'shop-production' } as const;

  test('nothing passes while it is read-only', () => {
    expect(() => pass(planOf(RETRY, 1), { confirmed: { typed: 'shop-local' } }, {}, readOnly('no'))).toThrow(
      expect.objectContaining({ code: 'read-only' }),
    );
  });

  test('a modal is not passed by nothing, a name not by a modal or another name', () => {
    const refused = expect.objectContaining({ code: 'not-confirmed' });
    expect(() => pass(planOf(DELETE, 1), { confirmed: 'nothing' })).toThrow(refused);
    expect(() => pass(planOf(DELETE, 1), { confirmed: 'modal' })).not.toThrow();
    expect(() => pass(planOf(DELETE, 1), { confirmed: 'modal' }, production)).toThrow(refused);
    expect(() => pass(planOf(DELETE, 1), { confirmed: { typed: 'shop-prod' } }, production)).toThrow(refused);
    expect(() => pass(planOf(DELETE, 1), { confirmed: { typed: 'shop-production' } }, production)).not.toThrow();
  });

  test('a sheet is passed by the plan that it showed', () => {
    const plan = planOf(RETRY, 9);
    expect(() => pass(plan, { confirmed: 'nothing' })).toThrow(expect.objectContaining({ code: 'not-confirmed' }));
    expect(() => pass(plan, { confirmed: 'nothing', plan })).not.toThrow();
    expect(() => pass(plan, { confirmed: 'nothing', plan }, production)).toThrow();
  });
});

describe('what a person allows', () => {
  const closed = readOnly('Read-only: this connection is set so.');

  test('once is used up by one action', () => {
    const grants = new WriteGrants(Date.now, () => undefined);
    grants.allow('a', 'once');
    expect(grants.apply('a', closed).writable).toBe(true);
    expect(grants.apply('b', closed).writable).toBe(false);
    expect(grants.used('a')).toBe(true);
    expect(grants.apply('a', closed)).toBe(closed);
  });

  test('minutes run out, and that is told', () => {
    vi.useFakeTimers();
    try {
      const told: string[] = [];
      const grants = new WriteGrants(Date.now, id => told.push(id));
      grants.allow('a', { minutes: 15 });
      expect(grants.apply('a', closed).until).toBe(Date.now() + 15 * 60_000);
      expect(grants.used('a')).toBe(false);
      vi.advanceTimersByTime(15 * 60_000);
      expect(grants.apply('a', closed)).toBe(closed);
      expect(told).toEqual(['a']);
    } finally {
      vi.useRealTimers();
    }
  });

  test('made read-only, also an own broker stays so until it is allowed again', () => {
    const grants = new WriteGrants(Date.now, () => undefined);
    grants.deny('a');
    expect(grants.apply('a', open).writable).toBe(false);
    grants.allow('a', 'until-revoked');
    expect(grants.apply('a', open)).toBe(open);
  });
});

describe('this machine’s own broker', () => {
  const own = profileOf({ access: 'own' });
  const ours = { ...nothingKnown, processIsOurs: async () => true };

  test('is one whose process listens here', async () => {
    expect(await baseAccess(own, fakeLink(), ours)).toEqual(writable("This machine's own Redis (pid 812)."));
  });

  test.each([
    ['another process has its pid', fakeLink(), { ...nothingKnown, processIsOurs: async () => false }],
    ['the process table cannot be read', fakeLink(), nothingKnown],
    ['the server listens on another port', fakeLink({ process: { pid: 812, port: 6380 } }), ours],
    ['it names no process', fakeLink({ process: { pid: null, port: 6379 } }), ours],
  ])('is not shown where %s', async (_, link, surroundings) => {
    expect(await baseAccess(own, link, surroundings)).toEqual(
      readOnly('Read-only: localhost may lead elsewhere, through a tunnel.'),
    );
  });

  test('is never another host, nor anything in a remote window', async () => {
    const away = fakeLink({ endpoint: { kind: 'tcp', host: 'redis.example', port: 6379 } });
    expect(await baseAccess(own, away, ours)).toEqual(readOnly('Read-only: redis.example is not this machine.'));
    expect((await baseAccess(own, fakeLink(), { ...ours, remote: true })).writable).toBe(false);
  });

  test('a replica takes no writes, whatever the profile says', async () => {
    const access = await baseAccess(profileOf(), fakeLink({ writeRefusal: 'it is a replica.' }), ours);
    expect(access.writable).toBe(false);
  });

  test('loopback is what never leaves the machine', () => {
    expect(['localhost', '127.0.0.1', '127.9.8.7', '::1', '[::1]', 'LOCALHOST'].every(isLoopback)).toBe(true);
    expect(
      ['127.0.0.1.example.com', 'localhost.example.com', '10.0.0.1', '0.0.0.0', 'mylocalhost'].some(isLoopback),
    ).toBe(false);
  });
});
