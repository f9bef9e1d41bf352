import { run } from './start/run.ts';

/** The server, run from source. */
await run();
