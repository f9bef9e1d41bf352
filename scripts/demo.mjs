import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './ensure-installed.mjs';

ensureInstalled();
process.chdir(fileURLToPath(new URL('../', import.meta.url)));

const { register } = await import('tsx/esm/api');
register();
await import('./demo/main.ts');
