import type { QueueSystem } from '../model';
import { celery } from './celery';
import { rq } from './rq';

/** Every job-queue system that is known, in the order in which brokers are asked for them. */
export const systems: readonly QueueSystem[] = [rq, celery];
