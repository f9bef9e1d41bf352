import { fileURLToPath } from 'node:url';
import { run } from './start/run.ts';

/** The server as `npm run build` bundles it. Who runs that means production, unless NODE_ENV says something else. */
process.env.NODE_ENV ||= 'production';
await run({ migrationsDirectory: fileURLToPath(new URL('./migrations/', import.meta.url)) });
