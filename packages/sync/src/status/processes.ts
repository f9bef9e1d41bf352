import type { Database, Queryable } from '@hexclave/db';
import type { PipelineObserver } from '../observer.ts';

/** A process that drives the pipeline, as it tells of itself. */
export type ProcessInfo = {
  readonly id: string;
  readonly host: string;
  readonly processId: number;
  readonly version: string;
  readonly startedAt: Date;
};

/** When its loops last went round. */
export type Activity = {
  sequencerRanAt: Date | null;
  pollerRanAt: Date | null;
  readonly deliveries: () => number;
};

/** Notes when the loops go round, beside whoever else observes them. */
export function noting(activity: Activity, observer: PipelineObserver | undefined): PipelineObserver {
  return {
    onPass: (pass) => {
      activity.sequencerRanAt = new Date();
      observer?.onPass?.(pass);
    },
    onPoll: () => {
      activity.pollerRanAt = new Date();
      observer?.onPoll?.();
    },
    onWake: (part) => observer?.onWake?.(part),
    onLeaseExtended: (request) => observer?.onLeaseExtended?.(request),
  };
}

export type PipelineProcess = ProcessInfo & {
  readonly seenAt: Date;
  readonly sequencerRanAt: Date | null;
  readonly pollerRanAt: Date | null;
  readonly deliveries: number;
  /** It was seen within the last half minute. */
  readonly isAlive: boolean;
};

/** More servers than anybody has. */
const MOST_PROCESSES = 1_000;

const SEEN = `
  INSERT INTO "PipelineProcess" ("id", "host", "processId", "version", "startedAt", "sequencerRanAt", "pollerRanAt", "deliveries")
  VALUES ($1, $2, $3, $4, now() - $5 * interval '1 millisecond', now() - $6 * interval '1 millisecond', now() - $7 * interval '1 millisecond', $8)
  ON CONFLICT ("id") DO UPDATE SET "seenAt" = now(), "sequencerRanAt" = excluded."sequencerRanAt",
    "pollerRanAt" = excluded."pollerRanAt", "deliveries" = excluded."deliveries"
  RETURNING ARRAY(SELECT m."name" FROM "SchemaMigration" m WHERE m."compatibility" = 'breaking') AS "breaking"`;

/**
 * Times are told by how long ago they were: clocks of servers differ. Returns which migrations a process that does not
 * know them must not work with.
 */
export async function tellProcess(db: Database, info: ProcessInfo, activity: Activity): Promise<string[]> {
  const now = Date.now();
  const ago = (date: Date | null) => (date === null ? null : Math.max(0, now - date.getTime()));
  const [row] = await db.query<{ breaking: string[] }>(SEEN, [
    ...[info.id, info.host, info.processId, info.version, ago(info.startedAt)],
    ...[ago(activity.sequencerRanAt), ago(activity.pollerRanAt), activity.deliveries()],
  ]);
  return row?.breaking ?? [];
}

/** One that has ended in good order is not missed. */
export async function forgetProcess(db: Database, id: string): Promise<void> {
  await db.query('DELETE FROM "PipelineProcess" WHERE "id" = $1', [id]);
}

export function readProcesses(tx: Queryable): Promise<PipelineProcess[]> {
  return tx.query<PipelineProcess>(
    `SELECT p."id", p."host", p."processId", p."version", p."startedAt", p."seenAt", p."sequencerRanAt", p."pollerRanAt", p."deliveries",
       p."seenAt" > now() - interval '30 seconds' AS "isAlive"
     FROM "PipelineProcess" p ORDER BY p."id" LIMIT ${MOST_PROCESSES}`,
  );
}
