import type { Assets } from './assets.ts';
import { run } from './run.ts';

/** The command line, as a program. */
export async function main(assets: Assets): Promise<void> {
  process.exitCode = await run(process.argv.slice(2), process, assets);
}
