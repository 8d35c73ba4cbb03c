export * as jobs from './jobs';
export * as queues from './queues';
export * as schedules from './schedules';
export * as workers from './workers';
