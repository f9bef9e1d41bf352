import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './ensure-installed.mjs';

ensureInstalled();
process.chdir(fileURLToPath(new URL('../', import.meta.url)));

// In this very process, so that signals from a terminal or a supervisor reach the server itself.
const { register } = await import('tsx/esm/api');
register();
await import('../apps/server/src/main.ts');
