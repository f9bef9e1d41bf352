import type { Queryable } from '@hexclave/db';

/** What somebody waits for. What is left out stands for all. */
export type Waiting = {
  readonly tenancyId: string;
  readonly externalDatabaseId?: string | undefined;
  readonly mapping?: string | undefined;
};

/** A mapping waits for the attempt at its external database as well, so that is ended too. */
const END = {
  ExternalDatabaseState: '',
  ExternalDatabaseMappingState: ' AND ($3::text IS NULL OR "mapping" = $3)',
} as const;

/** Makes the next attempts at what is failing due at once. Returns whether any was still to come. */
export async function endBackOff(tx: Queryable, { tenancyId, externalDatabaseId, mapping }: Waiting): Promise<boolean> {
  let ended = 0;
  for (const [table, condition] of Object.entries(END)) {
    const values = [tenancyId, externalDatabaseId ?? null, ...(condition === '' ? [] : [mapping ?? null])];
    const rows = await tx.query<{ waited: boolean }>(
      `UPDATE "${table}" SET "nextAttemptAt" = NULL
       WHERE "tenancyId" = $1 AND ($2::text IS NULL OR "externalDatabaseId" = $2) AND "nextAttemptAt" IS NOT NULL${condition} RETURNING 1`,
      values,
    );
    ended += rows.length;
  }
  return ended > 0;
}
