/** What user interfaces import. */
export * from './api';
export { asksByItself } from './asking';
export { companionSecret } from './companions';
export { createInspector, newProfileId } from './inspector';
export { openLink } from './open';
export type { InspectorParts, JournalOptions, Link, OpenLink, ProfileStore, SecretStore } from './ports';
export { isSameServer, splitUrl } from './urls';
