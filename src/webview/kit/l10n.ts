import { config, t } from '@vscode/l10n';

/** The host writes the bundle of the display language into the page, as data of an element that runs nothing. */
const bundle = document.querySelector<HTMLMetaElement>('meta[name="job-queues-l10n"]')?.content;
if (bundle) config({ contents: bundle });

export { t };
