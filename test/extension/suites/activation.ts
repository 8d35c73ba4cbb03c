import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { test } from '../harness';

/** The extension under test, as VS Code knows it. */
function extension(): vscode.Extension<unknown> {
  const found = vscode.extensions.all.find(candidate => candidate.id.endsWith('.job-queue-inspector'));
  assert.ok(found, 'the extension is not installed');
  return found;
}

interface Manifest {
  readonly contributes?: {
    readonly commands?: readonly { readonly command: string }[];
    readonly views?: Readonly<Record<string, readonly { readonly id: string }[]>>;
  };
}

test('the extension activates', async () => {
  await extension().activate();
  assert.equal(extension().isActive, true);
});

test('every command of the manifest is registered', async () => {
  await extension().activate();
  const manifest = extension().packageJSON as Manifest;
  const declared = (manifest.contributes?.commands ?? []).map(entry => entry.command);
  assert.notEqual(declared.length, 0, 'the manifest contributes no commands');
  const registered = new Set(await vscode.commands.getCommands(true));
  assert.deepEqual(
    declared.filter(command => !registered.has(command)),
    [],
  );
});

test('every view of the manifest can be opened', async () => {
  const manifest = extension().packageJSON as Manifest;
  const views = Object.values(manifest.contributes?.views ?? {}).flat();
  assert.notEqual(views.length, 0, 'the manifest contributes no views');
  for (const view of views) await vscode.commands.executeCommand(`${view.id}.focus`);
});
