/**
 * Puts the parts of one installation together. A part that is not there yet is a stand-in below, which says so: replace it
 * by the import of its factory (parts.ts).
 */
import type { Broker } from '../../model';
import type { CreateActions, CreateResults, Diagnose } from './parts';

const later = 'This is not read yet.';

export { createSchedules } from './schedules';
export { createMailbox, createWorkers } from './workers';

export const createResults: CreateResults = () => ({
  store: null,
  companion: {
    role: 'results',
    title: 'Result backend',
    state: 'missing',
    address: null,
    reason: later,
    candidates: [],
  },
  locate: async () => undefined,
});

export const createCeleryActions: CreateActions = () => ({
  declarations: [],
  actions: () => [],
  plan: () => Promise.reject(new Error(later)),
  // biome-ignore lint/correctness/useYield: a stand-in
  async *perform() {
    throw new Error(later);
  },
});

export const diagnose: Diagnose = async function* () {};

export type { Broker };
