import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './ensure-installed.mjs';

ensureInstalled();
process.chdir(fileURLToPath(new URL('../', import.meta.url)));

// While PostgreSQL starts, if they have to be built at all. Whoever needs them hears of a failure.
const { dashboardFiles } = await import('./dashboard-files.mjs');
const pages = dashboardFiles((line) => console.log(line));
pages.catch(() => undefined);

// In this very process, so that signals from a terminal or a supervisor reach the server itself.
const { register } = await import('tsx/esm/api');
register();
const { run } = await import('../apps/server/src/start/run.ts');
await run({ dashboardFiles: pages });
