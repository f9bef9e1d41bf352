#!/usr/bin/env node
import { register } from 'tsx/esm/api';
import { ensureGeneratedEnv } from '../../../scripts/generated-env.mjs';

/** The command line from source, in a checkout. What is published is the bundle that `npm run build` makes. */
register();
ensureGeneratedEnv();
const { main } = await import('../src/main.ts');
await main({
  dashboardFiles: async (say) => {
    const { dashboardFiles } = await import('../../../scripts/dashboard-files.mjs');
    return dashboardFiles(say);
  },
});
