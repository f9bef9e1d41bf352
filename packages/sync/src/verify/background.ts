import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@hexclave/db';
import { DestinationError } from '../destination-error.ts';
import { saveFindings, saveVerifiedThrough } from './mapping-state.ts';
import { NOT_BEGUN, type PassContext, type PassState, type Step, stepPass } from './pass.ts';
import { type DatabaseKey, type Opened, tellEngine, timeOf, type VerifierOptions, withOpened } from './subjects.ts';
import { type TurnWatch, watchTurn } from './turn-watch.ts';

/** How the verification that goes on by itself spends its time, all in ms. */
export type Pace = {
  /** Between two ranges at the least. */
  readonly rangeMs: number;
  /** So many times as long as a range took: one in fifty parts of one connection at the most. */
  readonly pausesPerWork: number;
  /** So long one external database is looked at before the next one's turn. */
  readonly turnMs: number;
  /** Between the end of a pass over an external database and the next one. */
  readonly passMs: number;
};

export const DEFAULT_PACE: Pace = { rangeMs: 10_000, pausesPerWork: 50, turnMs: 60_000, passMs: 15 * 60_000 };

/** After a turn that failed, or found the database failing. */
const AFTER_FAILURE_MS = 5 * 60_000;
const LEASE_MS = 60_000;

type Claimed = DatabaseKey & PassState & { readonly claimToken: string };

/**
 * The external database that has waited longest, unless some process is at one already: over all processes there is one such
 * verification. Left out are databases that are paused, that fail, and those that somebody has verified right now.
 */
const CLAIM = `
  WITH due AS (
    SELECT d."tenancyId", d."id" FROM "ExternalDbSyncMetadata" m CROSS JOIN "ExternalDatabase" d
    LEFT JOIN "ExternalDatabaseVerification" v ON v."tenancyId" = d."tenancyId" AND v."externalDatabaseId" = d."id"
    WHERE m."syncEngineEnabled" AND NOT d."paused" AND COALESCE(v."nextTurnAt" <= now(), true)
      AND EXISTS (SELECT 1 FROM "ExternalDatabaseState" s WHERE s."tenancyId" = d."tenancyId" AND s."externalDatabaseId" = d."id"
        AND s."errorCode" IS NULL AND s."lastSucceededAt" IS NOT NULL)
      AND NOT EXISTS (SELECT 1 FROM "VerificationRun" r WHERE r."tenancyId" = d."tenancyId" AND r."externalDatabaseId" = d."id"
        AND r."state" IN ('queued', 'running'))
      AND NOT EXISTS (SELECT 1 FROM "ExternalDatabaseVerification" o WHERE o."leaseExpiresAt" > now())
    ORDER BY v."nextTurnAt" NULLS FIRST, d."tenancyId", d."id" LIMIT 1
  )
  INSERT INTO "ExternalDatabaseVerification" AS v ("tenancyId", "externalDatabaseId", "claimToken", "leaseExpiresAt")
  SELECT due."tenancyId", due."id", gen_random_uuid(), now() + $1 * interval '1 millisecond' FROM due
  ON CONFLICT ("tenancyId", "externalDatabaseId") DO UPDATE SET "claimToken" = excluded."claimToken", "leaseExpiresAt" = excluded."leaseExpiresAt"
    WHERE COALESCE(v."leaseExpiresAt" <= now(), true)
  RETURNING v."tenancyId", v."externalDatabaseId", v."claimToken", v."progress", v."result" AS "results"`;

/** Looks at the external database whose turn it is. Returns false if it is nobody's. */
export async function backgroundTurn(options: VerifierOptions, pace: Pace, signal: AbortSignal): Promise<boolean> {
  const [claimed] = await options.db.query<Claimed>(CLAIM, [LEASE_MS]);
  if (claimed === undefined) return false;
  const watch = watchTurn(signal, () => keepClaim(options.db, claimed), options.stepLimits);
  try {
    const finished = await withOpened(options, claimed, watch.signal, (opened) =>
      goOn(options.db, claimed, opened, pace, watch),
    );
    watch.assertInTime();
    await release(options.db, claimed, finished === true ? pace.passMs : 0);
  } catch (error) {
    // The engine meets the same failure, and keeps it where it is shown.
    if (!(error instanceof DestinationError) && !watch.signal.aborted) options.onError(error, claimed);
    await release(options.db, claimed, signal.aborted ? 0 : AFTER_FAILURE_MS);
  } finally {
    watch.release();
  }
  return true;
}

/** Returns whether the pass is over. */
async function goOn(db: Database, claimed: Claimed, opened: Opened, pace: Pace, watch: TurnWatch): Promise<boolean> {
  const { signal } = watch;
  const { subjects, verification } = opened;
  const context: PassContext = { subjects, verification, repair: true, signal, now: () => timeOf(db) };
  const deadline = performance.now() + pace.turnMs;
  let state: PassState = claimed;
  while (performance.now() < deadline) {
    const started = performance.now();
    const step = await watch.during(() => stepPass(context, state));
    if (signal.aborted || !(await keep(db, claimed, state, step))) return false;
    await tellEngine(db, opened.database, step);
    if (step.finished) return true;
    state = step.state;
    const pause = Math.max(pace.rangeMs, (performance.now() - started) * pace.pausesPerWork);
    const left = Math.max(0, deadline - performance.now());
    await delay(Math.min(pause, left, LEASE_MS / 2), undefined, { signal }).catch(() => undefined);
    if (await isAskedFor(db, claimed)) return false;
  }
  return false;
}

/** Somebody's run takes over: never are there two comparisons of one external database for long. */
async function isAskedFor(db: Database, { tenancyId, externalDatabaseId }: DatabaseKey): Promise<boolean> {
  const runs = await db.query(
    `SELECT 1 FROM "VerificationRun" WHERE "tenancyId" = $1 AND "externalDatabaseId" = $2 AND "state" IN ('queued', 'running')`,
    [tenancyId, externalDatabaseId],
  );
  return runs.length > 0;
}

/** One statement where nothing was found and no table ended: an idle server should not notice. */
async function keep(db: Database, claimed: Claimed, before: PassState, step: Step): Promise<boolean> {
  const isNews = step.differences.length > 0 || step.finished || endedIn(step.state) > endedIn(before);
  const state = step.finished ? NOT_BEGUN : step.state;
  const values = [
    ...[claimed.tenancyId, claimed.externalDatabaseId, claimed.claimToken],
    ...[state.progress === null ? null : JSON.stringify(state.progress), JSON.stringify(state.results), LEASE_MS],
  ];
  if (!isNews) return mayGoOn(await db.query<{ ok: boolean }>(SAVE, values));
  return db.transaction(async (tx) => {
    if (!mayGoOn(await tx.query<{ ok: boolean }>(SAVE, values))) return false;
    await saveFindings(tx, claimed, before, step);
    if (step.finished) await saveVerifiedThrough(tx, claimed, step.state.results);
    return true;
  });
}

function endedIn({ results }: PassState): number {
  return results.filter(({ state }) => state !== 'running').length;
}

function mayGoOn([row]: { ok: boolean }[]): boolean {
  return row?.ok === true;
}

const SAVE = `
  UPDATE "ExternalDatabaseVerification" v SET "progress" = $4, "result" = $5, "leaseExpiresAt" = now() + $6 * interval '1 millisecond'
  FROM "ExternalDatabase" d CROSS JOIN "ExternalDbSyncMetadata" m
  WHERE v."tenancyId" = $1 AND v."externalDatabaseId" = $2 AND v."claimToken" = $3 AND d."tenancyId" = $1 AND d."id" = $2
  RETURNING m."syncEngineEnabled" AND NOT d."paused" AS ok`;

/** In the middle of a step. Returns the same as {@link keep}. */
async function keepClaim(db: Database, claimed: Claimed): Promise<boolean> {
  const rows = await db.query<{ ok: boolean }>(
    `UPDATE "ExternalDatabaseVerification" v SET "leaseExpiresAt" = now() + $4 * interval '1 millisecond'
     FROM "ExternalDatabase" d CROSS JOIN "ExternalDbSyncMetadata" m
     WHERE v."tenancyId" = $1 AND v."externalDatabaseId" = $2 AND v."claimToken" = $3 AND d."tenancyId" = $1 AND d."id" = $2
     RETURNING m."syncEngineEnabled" AND NOT d."paused" AS ok`,
    [claimed.tenancyId, claimed.externalDatabaseId, claimed.claimToken, LEASE_MS],
  );
  return mayGoOn(rows);
}

async function release(db: Database, claimed: Claimed, delayMs: number): Promise<void> {
  await db.query(
    `UPDATE "ExternalDatabaseVerification" SET "claimToken" = NULL, "leaseExpiresAt" = NULL, "nextTurnAt" = now() + $4 * interval '1 millisecond'
     WHERE "tenancyId" = $1 AND "externalDatabaseId" = $2 AND "claimToken" = $3`,
    [claimed.tenancyId, claimed.externalDatabaseId, claimed.claimToken, delayMs],
  );
}
