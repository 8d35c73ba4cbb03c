import { ACTING } from './acting';
import { ASKING } from './asking';
import type { CommandTable } from './command';
import { COMPANIONS } from './companions';
import { CONNECTIONS } from './connections';
import { GENERAL } from './general';
import { ROWS } from './rows';

/** Every command of the extension: id → what it does, and what must be there for it. */
export const COMMANDS: CommandTable = { ...GENERAL, ...CONNECTIONS, ...COMPANIONS, ...ROWS, ...ACTING, ...ASKING };
