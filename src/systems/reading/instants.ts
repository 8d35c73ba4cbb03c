import type { Instant } from '../../model';

/** ISO 8601 UTC of milliseconds; null for what is no time that ISO 8601 writes with four digits. */
export function isoOf(milliseconds: number | null): Instant {
  if (milliseconds === null || !Number.isFinite(milliseconds)) return null;
  return milliseconds < -62_135_596_800_000 || milliseconds > 253_402_300_799_999
    ? null
    : new Date(milliseconds).toISOString();
}
