import { fileURLToPath } from 'node:url';
import { run } from './start/run.ts';

/** The server as `npm run build` bundles it. Who runs that means production, unless NODE_ENV says something else. */
const beside = (folder: string) => fileURLToPath(new URL(folder, import.meta.url));
await run({
  defaultMode: 'production',
  migrationsDirectory: beside('./migrations/'),
  dashboardFiles: Promise.resolve(beside('./dashboard/')),
});
