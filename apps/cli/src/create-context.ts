import { adminApi, operatorApi, serverApi } from './api.ts';
import type { Assets } from './assets.ts';
import type { Context } from './context.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { stylesOf } from './output/styles.ts';
import { type GlobalOptions, readSettings, type Settings } from './settings/settings.ts';

/** Ctrl-C, watched for once somebody asks: a program that nobody told what to do then just ends. */
export type Interruption = { readonly signal: AbortSignal; readonly happened: boolean };

export function createContext(
  options: GlobalOptions,
  assets: Assets,
  host: NodeJS.Process,
  interruption: Interruption,
): Context {
  let settings: Promise<Settings> | undefined;
  const readOnce = () => {
    settings ??= readSettings(options, host.env);
    return settings;
  };
  const errorStyles = stylesOf(host.stderr, host.env);
  return {
    stdin: host.stdin,
    stdout: host.stdout,
    stderr: host.stderr,
    source: host.env,
    options,
    assets,
    styles: stylesOf(host.stdout, host.env),
    errorStyles,
    isInteractive: host.stdin.isTTY && host.stderr.isTTY,
    get signal() {
      return interruption.signal;
    },
    now: () => Date.now(),
    settings: readOnce,
    api: async (access) => (access === 'admin' ? adminApi : serverApi)(await readOnce()),
    operatorApi: async () => operatorApi(await readOnce()),
    note: (line) => host.stderr.write(`${line}\n`),
  };
}

/** The first Ctrl-C lets the command end in order, the second one ends it at once. */
export function watchForInterruption(host: NodeJS.Process): Interruption {
  const controller = new AbortController();
  let isWatched = false;
  const watch = () => {
    isWatched = true;
    host.once('SIGINT', () => {
      controller.abort();
      host.once('SIGINT', () => host.exit(EXIT_CODES.interrupted.code));
    });
  };
  return {
    get signal() {
      if (!isWatched) watch();
      return controller.signal;
    },
    get happened() {
      return controller.signal.aborted;
    },
  };
}
