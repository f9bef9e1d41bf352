export type { FigureResult } from './figure.ts';
export type { Options } from './options.ts';
export { type Outcome, run } from './run.ts';
