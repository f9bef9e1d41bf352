import { setTimeout as delay } from 'node:timers/promises';
import type { Verification } from '@hexclave/contract';
import type { Api } from './api.ts';
import type { Progress } from './progress.ts';

const PATH = '/internal/external-db-sync/verify';
const ASK_EVERY_MS = 300;

export type Request = { external_database_id: string; repair: boolean; mapping: string | undefined };

/** Starts a verification and waits until it has ended. */
export async function follow(api: Api, request: Request, progress: Progress): Promise<Verification> {
  let run = await api.call<Verification>('POST', PATH, request);
  progress.begin();
  try {
    while (run.state === 'queued' || run.state === 'running') {
      progress.show(run);
      await delay(ASK_EVERY_MS);
      run = await api.call<Verification>('GET', `${PATH}/${run.id}`);
    }
    progress.show(run);
    return run;
  } finally {
    progress.end();
  }
}
