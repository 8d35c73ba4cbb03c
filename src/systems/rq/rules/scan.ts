import type { ScanOptions } from '../../../brokers/redis/port';
import { NotCheckable } from '../../acting/rules';
import type { RuleContext } from './rule';

/** Keys that a rule looks through at most. */
const LIMIT = 200_000;

/** Keys of a pattern. @throws NotCheckable where the database holds too many keys to look through for one rule */
export async function scanKeys(
  { reading, signal }: RuleContext,
  match: string,
  type: NonNullable<ScanOptions['type']>,
  enough: number,
): Promise<Buffer[]> {
  const found: Buffer[] = [];
  const may = reading.broker.may('SCAN');
  if (may !== true) throw new NotCheckable(may);
  for await (const batch of reading.broker.scan({ match, type }, signal)) {
    if (batch.of > LIMIT) {
      throw new NotCheckable(`it would have to look through ${batch.of.toLocaleString('en-US')} keys for ${match}`);
    }
    found.push(...batch.keys);
    if (found.length >= enough) break;
  }
  return found;
}

export async function existsKey(
  context: RuleContext,
  match: string,
  type: NonNullable<ScanOptions['type']>,
): Promise<boolean> {
  return (await scanKeys(context, match, type, 1)).length > 0;
}
