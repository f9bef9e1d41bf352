export type { FigureResult } from './figure.ts';
export type { Options } from './options.ts';
export { writeJson } from './report.ts';
export { type Outcome, run } from './run.ts';
