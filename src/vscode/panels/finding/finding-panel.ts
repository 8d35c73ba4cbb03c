import { t } from '@vscode/l10n';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { isRedis } from '../../../brokers/redis/port';
import { formatExact, formatPast } from '../../../inspector/present/format';
import { type Broker, InspectorError, type Remedy } from '../../../model';
import type { ActView, FindingPage, FindingView } from '../../../protocol';
import { act } from '../../acting/act';
import { receiptText } from '../../acting/receipt';
import type { App } from '../../app';
import { copy } from '../../commands/rows';
import { askReason } from '../../findings/findings-view';
import { type SeenFinding, severityWord } from '../../findings/model';
import { addressOfView } from '../../tree/model/world';
import { type Handlers, noParams } from '../channel';
import { PagePanel } from '../page-panel';
import type { FindingAddress } from '../panels';

/** One finding: what was seen, what follows, what to do. */
export class FindingPanel extends PagePanel<FindingPage> {
  readonly #app: App;
  #address: FindingAddress | undefined;
  #seen: SeenFinding | undefined;

  constructor(app: App, panel: vscode.WebviewPanel) {
    super(app, 'finding', panel);
    this.#app = app;
    this.add(app.findings.onDidLook(() => this.send('changed', null)));
  }

  show(address: FindingAddress): void {
    this.#address = address;
    this.#seen = undefined;
    const { connection, rule, subject } = address;
    const finding = this.#app.findings.find(connection, rule, subject)?.finding;
    const icon = finding === undefined ? 'info' : ICONS[finding.severity];
    const state = { page: 'finding', connection, rule, subject };
    this.load(finding?.label ?? t('Finding'), icon, state, this.#handlers());
  }

  #handlers(): Handlers<FindingPage> {
    const byIndex = v.object({ index: v.pipe(v.number(), v.integer(), v.minValue(0)) });
    return {
      load: { params: noParams, run: () => this.#view() },
      remedy: { params: byIndex, run: ({ index }) => this.#remedy(index) },
      openFile: {
        params: byIndex,
        run: async ({ index }) => {
          await openFile(this.#remedyAt(index));
          return null;
        },
      },
      copy: {
        params: v.object({ text: v.string(), what: v.string() }),
        run: async ({ text }) => {
          await copy([text]);
          return null;
        },
      },
      hide: {
        params: v.object({ span: v.picklist(['day', 'always']) }),
        run: async ({ span }) => {
          await this.#hide(span);
          return null;
        },
      },
    };
  }

  async #view(): Promise<FindingView> {
    if (this.#address === undefined) throw goneFinding();
    const { connection, rule, subject } = this.#address;
    // After a reload of the window nothing has been looked at yet.
    if (this.#app.findings.lookedAt === 0) await this.#app.findings.look();
    const now = this.#app.findings.find(connection, rule, subject);
    this.#seen = now ?? this.#seen;
    if (this.#seen === undefined) throw goneFinding();
    const { finding } = this.#seen;
    this.retitle(finding.label, ICONS[finding.severity]);
    const live = connection === null ? undefined : this.#app.inspector.connection(connection);
    const looked = formatPast(new Date(this.#app.findings.lookedAt).toISOString(), Date.now());
    return {
      title: finding.title,
      severity: finding.severity,
      severityWord: severityWord(finding.severity),
      certainty: finding.sure ? t('Seen') : t('Likely: the broker does not record this directly.'),
      where: finding.where,
      since:
        finding.since === null
          ? null
          : { text: formatPast(finding.since, Date.now()), title: formatExact(finding.since) },
      rule: finding.rule,
      over: now === undefined ? t('Not seen any more, {0}.', looked) : null,
      production: live?.profile.environment === 'production',
      evidence: finding.evidence.map(({ what, value, source }) => ({
        what,
        value,
        source,
        command: commandOf(source, live?.broker ?? null),
      })),
      consequence: finding.consequence,
      remedies: finding.remedies.map(remedy => ({
        text: remedy.text,
        button: this.#buttonOf(remedy),
        code: remedy.code ?? null,
        file: remedy.file === undefined ? null : `${remedy.file.path}:${remedy.file.line}`,
      })),
      notProblemWhen: finding.notProblemWhen,
    };
  }

  /** The title of the action that mends it. */
  #buttonOf({ action }: Remedy): string | null {
    const declared =
      action === null ? undefined : this.#installation()?.declarations.find(({ id }) => id === action.id);
    if (action === null || declared === undefined) return null;
    return action.target.kind === 'selector' ? (declared.bulkTitle ?? declared.title) : declared.title;
  }

  #installation() {
    const live = this.#live();
    const system = this.#seen?.finding.rule.split('.')[0];
    return live?.installations.find(({ installation }) => installation.system.id === system)?.installation;
  }

  #live() {
    const connection = this.#address?.connection ?? null;
    return connection === null ? undefined : this.#app.inspector.connection(connection);
  }

  async #remedy(index: number): Promise<ActView> {
    const { action } = this.#remedyAt(index);
    const live = this.#live();
    const installation = this.#installation();
    const view = live?.installations.find(candidate => candidate.installation === installation);
    if (action === null || live === undefined || view === undefined) return { text: null, undo: null, ref: null };
    const acted = await act(this.#app, {
      at: addressOfView(live, view),
      action: action.id,
      targets: [action.target],
      state: action.target.kind === 'selector' ? action.target.state : null,
      ...(action.parameters === undefined ? {} : { parameters: action.parameters }),
    });
    if (acted.kind === 'left') return { text: null, undo: null, ref: null };
    void this.#app.findings.look();
    return { text: receiptText(acted.receipt), undo: acted.receipt.undo, ref: null };
  }

  #remedyAt(index: number): Remedy {
    const remedy = this.#seen?.finding.remedies[index];
    if (remedy === undefined) throw goneFinding();
    return remedy;
  }

  async #hide(span: 'day' | 'always'): Promise<void> {
    const seen = this.#seen;
    if (seen === undefined) return;
    const reason = span === 'day' ? null : await askReason(seen.finding.title);
    if (span === 'always' && reason === null) return;
    await this.#app.findings.hide(seen, reason === null ? 'day' : { reason });
    this.panel.dispose();
  }
}

const ICONS = { trouble: 'error', warning: 'warning', info: 'info' } as const;

/** The command line that shows the same, where the source is a whole command. */
function commandOf(source: string, broker: Broker | null): string | null {
  if (broker === null || !isRedis(broker) || !/^[A-Z]{3,}(?: [^\s…*]+)+$/.test(source)) return null;
  return broker.cli(source.split(' '));
}

/** Opens a file of the open folder that a remedy names. */
async function openFile({ file }: Remedy): Promise<void> {
  if (file === undefined) return;
  const at = new vscode.Position(Math.max(0, file.line - 1), 0);
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    const uri = vscode.Uri.joinPath(folder.uri, vscode.workspace.asRelativePath(file.path));
    if (!uri.path.startsWith(`${folder.uri.path}/`)) continue;
    await vscode.window.showTextDocument(uri, { selection: new vscode.Range(at, at) });
    return;
  }
}

function goneFinding(): InspectorError {
  return new InspectorError('gone', {
    message: t('This finding is not seen any more.'),
    tried: t('reading a finding'),
    answer: t('the last look did not find it'),
    remedy: t('Close the tab, or look again.'),
  });
}
