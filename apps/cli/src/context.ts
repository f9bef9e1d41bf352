import type { Api } from './api.ts';
import type { Assets } from './assets.ts';
import type { Styles } from './output/styles.ts';
import type { GlobalOptions, Settings } from './settings/settings.ts';

/** What a command has to do with outside of itself. */
export type Context = {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** What `process.env` is; values are read through the catalogues of packages/env. */
  readonly source: Readonly<Record<string, string | undefined>>;
  readonly options: GlobalOptions;
  readonly assets: Assets;
  /** Of standard output, and of standard error. */
  readonly styles: Styles;
  readonly errorStyles: Styles;
  /** Somebody sits at a terminal and can be asked. */
  readonly isInteractive: boolean;
  /** Aborts with Ctrl-C. */
  readonly signal: AbortSignal;
  /** In ms since 1970. */
  now(): number;
  /** Read at the first use. */
  settings(): Promise<Settings>;
  /** The API with a key of the chosen project: the secret server key, or the admin key. */
  api(access: 'server' | 'admin'): Promise<Api>;
  /** The API as the operator, with the admin key of the project that administers the others. */
  operatorApi(): Promise<Api>;
  /** A line beside the result, on standard error. */
  note(line: string): void;
};
