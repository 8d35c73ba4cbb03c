import { t } from '@vscode/l10n';
import { splitPassword } from '../profiles';
import { type Draft, draftOfFields, draftOfManagement, type Values } from './draft';
import { type Answer, AWAY, askPick, askText, BACK } from './inputs';

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
      { label: t('Redis, directly'), description: 'redis://', id: 'redis' },
      { label: t('Redis, through TLS'), description: 'rediss://', id: 'rediss' },
      { label: t('Redis, through sentinels'), description: 'redis+sentinel://', id: 'redis+sentinel' },
      { label: t('Redis, through a unix socket'), description: 'unix://', id: 'unix' },
      { label: t('RabbitMQ'), description: 'amqp://', id: 'amqp' },
      { label: t('RabbitMQ, through TLS'), description: 'amqps://', id: 'amqps' },
    ],
  });
  if (typeof kind === 'symbol') return kind;
  const values = await askFields(fieldsOf(kind.id));
  if (values === BACK) return fillIn();
  if (values === AWAY) return AWAY;
  return draftOfFields(kind.id, values as Values);
}

/** Asks for the URL of a management API, as it stands in the browser. */
export async function askManagement(): Promise<Answer<Draft>> {
  const typed = await askText({
    title: t('Add broker'),
    back: true,
    prompt: t('URL of the management API: http://user@host:15672, https://…'),
    placeholder: 'http://localhost:15672',
    value: '',
    check: text =>
      draftOfManagement(text) === null ? t('A management URL begins with http:// or https://.') : undefined,
  });
  if (typeof typed === 'symbol') return typed;
  return draftOfManagement(typed) ?? BACK;
}

function fieldsOf(scheme: string): readonly Field[] {
  const needed = (text: string) => (text.trim() === '' ? t('This cannot be empty.') : undefined);
  const port = (text: string) =>
    /^\d{1,5}$/.test(text) && Number(text) < 65_536 ? undefined : t('A port is a number up to 65535.');
  const management = (text: string) => {
    if (text.trim() === '') return undefined;
    if (!/^https?:\/\/[^\s/]+/i.test(text.trim())) return t('A management URL begins with http:// or https://.');
    return splitPassword(text).password === undefined
      ? undefined
      : t('Leave the password out: it would stand in settings.');
  };
  const number = (text: string) => (/^\d*$/.test(text) ? undefined : t('A database is a number.'));
  const rabbit = scheme.startsWith('amqp');
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
            { name: 'port', prompt: t('Port'), value: USUAL_PORTS[scheme] ?? '6379', check: port },
          ];
  const who: readonly Field[] = [
    rabbit
      ? { name: 'vhost', prompt: t('Virtual host'), value: '/', check: needed }
      : { name: 'database', prompt: t('Database number'), value: '0', check: number },
    { name: 'user', prompt: rabbit ? t('User; empty for guest') : t('User; empty for the default one') },
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
  const api: readonly Field[] = [
    {
      name: 'management',
      prompt: t(
        'URL of the management API; empty for port {0} of the same host',
        scheme === 'amqps' ? '15671' : '15672',
      ),
      placeholder: 'http://localhost:15672',
      check: management,
    },
  ];
  return [...where, ...who, ...(rabbit ? api : []), ...(/^(?:rediss|amqps)$/.test(scheme) ? tls : [])];
}

const USUAL_PORTS: Readonly<Record<string, string>> = { amqp: '5672', amqps: '5671' };

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
