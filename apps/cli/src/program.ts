import manifest from '../package.json' with { type: 'json' };
import { completion } from './commands/completion.ts';
import { config } from './commands/config/index.ts';
import { dbSync } from './commands/db-sync/index.ts';
import { doctor } from './commands/doctor/index.ts';
import { emulator } from './commands/emulator/index.ts';
import { env } from './commands/env/index.ts';
import { migrate } from './commands/migrate.ts';
import { projects } from './commands/projects/index.ts';
import { dev, start } from './commands/start.ts';
import { users } from './commands/users/index.ts';
import { group } from './declare/command.ts';

/** Everything that `hexclave` can do, in reading order. */
export const PROGRAM = {
  ...group({
    name: 'hexclave',
    summary: 'Runs a Hexclave server, and talks to one',
    commands: [start, dev, emulator, migrate, projects, users, config, dbSync, env, doctor, completion],
  }),
  version: manifest.version,
};
