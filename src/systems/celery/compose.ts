/** The parts that one installation is put together from; parts.ts says what each is given. */
export { createCeleryActions } from './act';
export { createResults } from './results';
export { diagnose } from './rules';
export { createSchedules } from './schedules';
export { createMailbox, createWorkers } from './workers';
