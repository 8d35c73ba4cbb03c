/** Offsets of zones, since building a formatter costs far more than using it. */
const formats = new Map<string, Intl.DateTimeFormat | null>();
/** Zones that are remembered: hostile data could name no end of them. */
const MOST = 100;

function formatOf(zone: string): Intl.DateTimeFormat | null {
  let format = formats.get(zone);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      // A name that this machine's data do not have.
      format = null;
    }
    if (formats.size >= MOST) formats.clear();
    formats.set(zone, format);
  }
  return format;
}

/** What clocks of a zone show at an instant, as milliseconds that read like UTC; null for a zone nobody knows. */
export function wallOf(instant: number, zone: string): number | null {
  const format = formatOf(zone);
  if (format === null || !Number.isFinite(instant) || Math.abs(instant) > 8.6e15) return null;
  const parts = new Map<string, number>(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  const part = (name: string) => parts.get(name) ?? 0;
  const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return wall + (((instant % 1000) + 1000) % 1000);
}

/**
 * The instant at which clocks of a zone show this; of two in autumn the first, and for one that spring leaves out the
 * moment after the gap, as Python's zoneinfo does with fold 0.
 */
export function instantOfWall(wall: number, zone: string): number | null {
  // The offset before the wanted time counts: in autumn it gives the first of two, in spring it leads past the gap.
  const before = wallOf(wall - 86_400_000, zone);
  const after = wallOf(wall + 86_400_000, zone);
  if (before === null || after === null) return null;
  for (const offset of [before - (wall - 86_400_000), after - (wall + 86_400_000)]) {
    const instant = wall - offset;
    if (wallOf(instant, zone) === wall) return instant;
  }
  return wall - (before - (wall - 86_400_000));
}
