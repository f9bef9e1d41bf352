#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { main } from './main.ts';

const beside = (folder: string) => fileURLToPath(new URL(folder, import.meta.url));

/** The command line as `npm run build` bundles it. */
await main({
  migrationsDirectory: beside('./migrations/'),
  dashboardFiles: async () => beside('./dashboard/'),
});
