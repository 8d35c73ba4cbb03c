/**
 * The parts that one installation is put together from; parts.ts says what each is given. A part that is not there yet is
 * a stand-in below: replace it by the import of its factory.
 */
import type { Diagnose } from './parts';

export { createCeleryActions } from './act';
export { createResults } from './results';
export { createSchedules } from './schedules';
export { createMailbox, createWorkers } from './workers';

export const diagnose: Diagnose = async function* () {};
