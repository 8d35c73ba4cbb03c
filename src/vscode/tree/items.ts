import * as vscode from 'vscode';
import { resourceOf } from './decorations';
import type { Icon, Row, Tint } from './model/row';
import type { TooltipLines } from './model/tooltip';

/** The theme's colour for each role. */
const TINTS: Readonly<Record<Tint, string>> = {
  failed: 'list.errorForeground',
  warning: 'list.warningForeground',
  running: 'charts.blue',
  production: 'charts.orange',
};

const COLLAPSIBLE = {
  none: vscode.TreeItemCollapsibleState.None,
  collapsed: vscode.TreeItemCollapsibleState.Collapsed,
  expanded: vscode.TreeItemCollapsibleState.Expanded,
} as const;

/** A row as VS Code draws it; its tooltip comes on hover. */
export function treeItem(row: Row): vscode.TreeItem {
  const item = new vscode.TreeItem(row.label, COLLAPSIBLE[row.children]);
  item.id = row.id;
  item.description = row.description;
  item.contextValue = row.context;
  item.accessibilityInformation = { label: row.spoken };
  if (row.icon !== null) item.iconPath = themeIcon(row.icon);
  const resource = resourceOf(row);
  if (resource !== undefined) item.resourceUri = resource;
  if (row.click !== undefined) {
    item.command = { command: 'jobQueues.clickRow', title: row.label, arguments: [row.id] };
  }
  return item;
}

export function themeIcon({ id, tint }: Icon): vscode.ThemeIcon {
  return tint === undefined ? new vscode.ThemeIcon(id) : new vscode.ThemeIcon(id, new vscode.ThemeColor(TINTS[tint]));
}

/** Lines as Markdown without HTML and without markup: what a job holds stays text. The first line is bold. */
export function tooltipMarkdown(lines: TooltipLines): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString();
  for (const [index, line] of lines.entries()) {
    if (index > 0) markdown.appendMarkdown('  \n');
    if (index === 0) markdown.appendMarkdown('**');
    markdown.appendMarkdown(plainMarkdown(line));
    if (index === 0) markdown.appendMarkdown('**');
  }
  return markdown;
}

/** Text as Markdown that shows it as it is: nothing in it is markup, and no address in it becomes a link. */
function plainMarkdown(text: string): string {
  const escaped = new vscode.MarkdownString().appendText(text).value;
  let first = true;
  return escaped
    .replace(/(?<!&nbsp;)&nbsp;(?!&nbsp;)/g, space => {
      // VS Code's own would break long lines inside of words; the first one stays, since `1. x` begins a list.
      const kept = first ? space : ' ';
      first = false;
      return kept;
    })
    .replaceAll('@', '&#64;')
    .replaceAll('://', '&#58;//')
    .replace(/\bwww\\?\./gi, 'www&#46;');
}
