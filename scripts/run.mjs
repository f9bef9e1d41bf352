import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureInstalled } from './ensure-installed.mjs';

/** `node scripts/run.mjs <script> [argument …]`, also in a clone as it is: what is missing is installed first. */
ensureInstalled();
const { register } = await import('tsx/esm/api');
register();
// As if it had been started itself.
process.argv.splice(1, 1);
await import(pathToFileURL(resolve(process.argv[1] ?? '')).href);
