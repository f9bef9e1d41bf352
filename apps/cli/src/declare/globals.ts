import { text, url } from '@hexclave/env';
import { flag, option } from './values.ts';

/** Options that every command takes, before or after its own. */
export const GLOBAL_OPTIONS = {
  json: flag('--json', 'prints JSON for programs instead of tables for people'),
  project: option('-p, --project <id>', 'the project, instead of the one in HEXCLAVE_PROJECT_ID', text(), {
    suggests: 'projects',
  }),
  apiUrl: option('--api-url <url>', 'the server, instead of the one in HEXCLAVE_API_URL', url(['http', 'https'])),
} as const;
