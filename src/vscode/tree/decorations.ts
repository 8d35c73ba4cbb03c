import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Row } from './model/row';

/** A scheme of our own, so that themes and other extensions do not take our rows for files. */
const SCHEME = 'jobqueues-row';

/** The resource of a row that is decorated; all that the decoration says stands in it. */
export function resourceOf(row: Row): vscode.Uri | undefined {
  if (row.mark === undefined) return undefined;
  return vscode.Uri.from({ scheme: SCHEME, path: `/${row.id}`, query: JSON.stringify(row.mark) });
}

/** Badges: the number of failures of a queue, red while some are new; `P` for production. */
export class RowDecorations implements vscode.FileDecorationProvider {
  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    if (uri.scheme !== SCHEME) return undefined;
    const mark = JSON.parse(uri.query) as NonNullable<Row['mark']>;
    if (mark.production) {
      const decoration = new vscode.FileDecoration('P', t('production'));
      decoration.propagate = false;
      return decoration;
    }
    const badge = mark.failed > 9 ? '9+' : String(mark.failed);
    const colour = mark.fresh > 0 ? new vscode.ThemeColor('list.errorForeground') : undefined;
    const decoration = new vscode.FileDecoration(badge, `${mark.failed} ${mark.word}`, colour);
    decoration.propagate = false;
    return decoration;
  }
}
