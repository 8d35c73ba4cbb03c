/**
 * The parts that one installation is put together from; parts.ts says what each is given. A part that is not there yet is
 * a stand-in below: replace it by the import of its factory.
 */
import type { CreateActions, Diagnose } from './parts';

export { createResults } from './results';
export { createSchedules } from './schedules';
export { createMailbox, createWorkers } from './workers';

const later = 'This is not possible yet.';

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
