import { createDatabase, type Database } from '@hexclave/db';
import { postgresDestination } from '@hexclave/destination-postgres';
import {
  type ComparableRows,
  createVerifier,
  type DestinationConnection,
  type Pace,
  readVerification,
  requestVerification,
  type VerificationRun,
  type Verifier,
  type VerifierOptions,
} from '@hexclave/sync';
import type { Harness, Target } from './harness.ts';

/** How many statements a target was sent by comparisons, and the most rows that one of them looked at. */
export type Load = { statements: number; mostRows: number; exchanges: number };

export type TestVerifier = Verifier & {
  readonly load: Load;
  readonly errors: unknown[];
  /** Asks for a run and works it off. */
  verify(target: Target, options?: { repair?: boolean; mapping?: string }): Promise<VerificationRun>;
  close(): Promise<void>;
};

/** No pauses, and a pass after the other. */
export const RESTLESS: Pace = { rangeMs: 0, pausesPerWork: 0, turnMs: 60_000, passMs: 0 };

/** A verifier over a harness, in a process of its own as far as its connections go. `via` stands between it and the target. */
export function verifierOf(
  harness: Harness,
  options: {
    pace?: Pace;
    stepLimits?: VerifierOptions['stepLimits'];
    via?: (connection: DestinationConnection) => DestinationConnection;
  } = {},
): TestVerifier {
  const db = createDatabase({ connectionString: harness.internal.connectionString, max: 3 });
  const destination = postgresDestination({ allowPrivateHosts: true, connectTimeoutMs: 3_000 });
  const load: Load = { statements: 0, mostRows: 0, exchanges: 0 };
  const errors: unknown[] = [];
  const verifier = createVerifier(
    {
      db,
      catalog: harness.catalog,
      stepLimits: options.stepLimits,
      onError: (error) => errors.push(error),
      connect: async (database, owner) => {
        const where = JSON.parse(database.connectionCiphertext.toString('utf8'));
        const connection = await destination.connect(where, database.schemaName, owner);
        return counted(options.via?.(connection) ?? connection, load);
      },
    },
    options.pace,
  );
  return {
    ...verifier,
    load,
    errors,
    verify: async (target, { repair = false, mapping } = {}) => {
      const run = await request(db, target, repair, mapping);
      while ((await verifier.workOff(20_000, new AbortController().signal)) > 0);
      const done = await readVerification(db, target.tenancyId, run.id);
      if (done === null) throw new Error('The run is gone');
      return done;
    },
    close: async () => {
      if (!db.pool.ended) await db.end();
    },
  };
}

export async function request(
  db: Database,
  target: Target,
  repair = false,
  mapping?: string,
): Promise<VerificationRun> {
  const run = await requestVerification(db, {
    ...{ tenancyId: target.tenancyId, externalDatabaseId: target.id },
    ...{ mapping: mapping ?? null, repair, requestedBy: 'test' },
  });
  if (run === null) throw new Error('No run was queued');
  return run;
}

function counted(connection: DestinationConnection, load: Load): DestinationConnection {
  const { verification } = connection;
  if (verification === undefined) return connection;
  const note = (rows: number) => {
    load.statements += 1;
    load.mostRows = Math.max(load.mostRows, rows);
  };
  const watched = (rows: ComparableRows): ComparableRows => ({
    pieces: async (range, limit, step) => {
      const pieces = await rows.pieces(range, limit, step);
      note(pieces.reduce((sum, piece) => sum + piece.rows, 0));
      return pieces;
    },
    digests: async (ranges, limit) => {
      const digests = await rows.digests(ranges, limit);
      note(digests.reduce((sum, digest) => sum + digest.rows, 0));
      return digests;
    },
    rowHashes: async (range, limit) => {
      const hashes = await rows.rowHashes(range, limit);
      note(hashes.length);
      return hashes;
    },
  });
  return {
    ...connection,
    verification: {
      ...verification,
      rowsOf: (table) => watched(verification.rowsOf(table)),
      examine: (table, keys, judge, repair) => {
        load.exchanges += 1;
        note(keys.length);
        return verification.examine(table, keys, judge, repair);
      },
    },
  };
}
