import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { CLI_CATALOGUE, resolveEnvironment } from '@hexclave/env';
import type { Context } from '../context.ts';

/** The places of one local emulator. Nothing of it lies anywhere else. */
export type Home = {
  readonly directory: string;
  /** Of the server that runs in it, PostgreSQL's data included. */
  readonly data: string;
  readonly state: string;
  readonly log: string;
};

/** The one in HEXCLAVE_EMULATOR_HOME, or in the user's home directory. */
export function homeOf({ source }: Pick<Context, 'source'>): Home {
  const { emulatorHome } = resolveEnvironment(source, { emulatorHome: CLI_CATALOGUE.emulatorHome });
  const directory = resolve(emulatorHome ?? join(homedir(), '.hexclave', 'emulator'));
  return {
    directory,
    data: join(directory, 'data'),
    state: join(directory, 'emulator.json'),
    log: join(directory, 'emulator.log'),
  };
}
