/** `npm run reference`: writes the tables of docs/inspect.md that are made of the code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './setup/paths.mjs';
import { bundleTool } from './tool.mjs';

const bundle = await bundleTool('scripts/reference/tables');
const { referenceParts, withParts } = await import(pathToFileURL(bundle).href);
const document = join(root, 'docs', 'inspect.md');
writeFileSync(document, withParts(readFileSync(document, 'utf8'), referenceParts()));
