import { setTimeout as delay } from 'node:timers/promises';
import type { Verification } from '@hexclave/contract';
import type { Client } from '@hexclave/sdk';
import type { Progress } from './progress.ts';

const ASK_EVERY_MS = 300;

export type Request = { external_database_id: string; repair: boolean; mapping: string | undefined };

/** Starts a verification and waits until it has ended. */
export async function follow(client: Client, request: Request, progress: Progress): Promise<Verification> {
  let run = await client.dbSync.verify(request);
  progress.begin();
  try {
    while (run.state === 'queued' || run.state === 'running') {
      progress.show(run);
      await delay(ASK_EVERY_MS);
      run = await client.dbSync.verification(run.id);
    }
    progress.show(run);
    return run;
  } finally {
    progress.end();
  }
}
