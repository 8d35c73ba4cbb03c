import type { QueueSystem } from '../model';
import { rq } from './rq';

/** Every job-queue system that is known, in the order in which brokers are asked for them. */
export const systems: readonly QueueSystem[] = [rq];
