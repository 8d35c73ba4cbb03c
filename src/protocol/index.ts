export type * from './common';
export type * from './envelope';
export type * from './pages';
