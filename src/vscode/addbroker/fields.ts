import { t } from '@vscode/l10n';
import type { ConnectionProfile } from '../../inspector/api';
import { type Draft, labelOf } from './draft';
import { type Answer, AWAY, askPick, askText, BACK } from './inputs';

type Values = Readonly<Record<string, string>>;

interface Field {
  readonly name: string;
  readonly prompt: string;
  readonly value?: string;
  readonly placeholder?: string;
  readonly password?: boolean;
  readonly check?: (text: string) => string | undefined;
}

/** Asks for a broker field by field. @returns BACK from the first field */
export async function fillIn(): Promise<Answer<Draft>> {
  const kind = await askPick({
    title: t('Add broker'),
    back: true,
    placeholder: t('How is the broker reached?'),
    items: [
      { label: t('Directly'), description: 'redis://', id: 'redis' },
      { label: t('Directly, through TLS'), description: 'rediss://', id: 'rediss' },
      { label: t('Through sentinels'), description: 'redis+sentinel://', id: 'redis+sentinel' },
      { label: t('Through a unix socket'), description: 'unix://', id: 'unix' },
    ],
  });
  if (typeof kind === 'symbol') return kind;
  const values = await askFields(fieldsOf(kind.id));
  if (values === BACK) return fillIn();
  if (values === AWAY) return AWAY;
  return draftOfFields(kind.id, values as Values);
}

/** What the fields say, as a draft: every part of the URL encoded, the password kept apart. */
export function draftOfFields(scheme: string, values: Values): Draft {
  const given = (name: string) => values[name] ?? '';
  const user = given('user') === '' ? '' : `${encodeURIComponent(given('user'))}@`;
  const database = given('database') === '' ? '' : `/${given('database')}`;
  const url =
    scheme === 'unix'
      ? `unix://${given('path')}${given('database') === '' ? '' : `?db=${given('database')}`}`
      : scheme === 'redis+sentinel'
        ? `redis+sentinel://${user}${given('sentinels')}/${encodeURIComponent(given('service'))}${database}`
        : `${scheme}://${user}${given('host')}:${given('port')}${database}`;
  const tls: Record<string, string> = {};
  for (const name of ['ca', 'certificate', 'key', 'serverName']) if (given(name) !== '') tls[name] = given(name);
  return {
    url,
    password: given('password') === '' ? undefined : given('password'),
    tls: Object.keys(tls).length === 0 ? undefined : (tls as NonNullable<ConnectionProfile['tls']>),
    label: scheme === 'redis+sentinel' ? given('service') : scheme === 'unix' ? 'socket' : labelOf(url),
  };
}

function fieldsOf(scheme: string): readonly Field[] {
  const needed = (text: string) => (text.trim() === '' ? t('This cannot be empty.') : undefined);
  const port = (text: string) =>
    /^\d{1,5}$/.test(text) && Number(text) < 65_536 ? undefined : t('A port is a number up to 65535.');
  const number = (text: string) => (/^\d*$/.test(text) ? undefined : t('A database is a number.'));
  const where: readonly Field[] =
    scheme === 'unix'
      ? [{ name: 'path', prompt: t('Path of the socket'), placeholder: '/run/redis/redis.sock', check: needed }]
      : scheme === 'redis+sentinel'
        ? [
            {
              name: 'sentinels',
              prompt: t('Sentinels, separated by commas'),
              placeholder: 'host:26379,host:26379',
              check: needed,
            },
            { name: 'service', prompt: t('Name of the monitored master'), placeholder: 'mymaster', check: needed },
          ]
        : [
            { name: 'host', prompt: t('Host'), value: 'localhost', check: needed },
            { name: 'port', prompt: t('Port'), value: '6379', check: port },
          ];
  const who: readonly Field[] = [
    { name: 'database', prompt: t('Database number'), value: '0', check: number },
    { name: 'user', prompt: t('User; empty for the default one') },
    {
      name: 'password',
      prompt: t("Password; empty for none. Kept in VS Code's secret storage, never in settings."),
      password: true,
    },
  ];
  const tls: readonly Field[] = [
    { name: 'ca', prompt: t('Certificate authority (PEM file); empty for those of this machine') },
    { name: 'certificate', prompt: t('Client certificate (PEM file); empty for none') },
    { name: 'key', prompt: t('Key of the client certificate (PEM file); empty for none') },
    { name: 'serverName', prompt: t('Name in the server’s certificate; empty for the host') },
  ];
  return scheme === 'rediss' ? [...where, ...who, ...tls] : [...where, ...who];
}

async function askFields(fields: readonly Field[]): Promise<Answer<Values>> {
  const values: Record<string, string> = {};
  for (let at = 0; at < fields.length; ) {
    const field = fields[at];
    if (field === undefined) break;
    const answer = await askText({
      title: t('Add broker'),
      step: at + 1,
      total: fields.length,
      back: true,
      prompt: field.prompt,
      value: values[field.name] ?? field.value ?? '',
      ...(field.placeholder === undefined ? {} : { placeholder: field.placeholder }),
      ...(field.password === true ? { password: true } : {}),
      ...(field.check === undefined ? {} : { check: field.check }),
    });
    if (answer === AWAY) return AWAY;
    if (answer === BACK) {
      if (at === 0) return BACK;
      at--;
    } else {
      values[field.name] = answer as string;
      at++;
    }
  }
  return values;
}
