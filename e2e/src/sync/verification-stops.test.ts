import { setTimeout as delay } from 'node:timers/promises';
import { type DestinationConnection, DestinationError } from '@hexclave/sync';
import { waitUntil } from '@hexclave/testing';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createHarness, type Harness, type Target } from './harness.ts';
import { addUsers } from './rows.ts';
import { RESTLESS, request, type TestVerifier, verifierOf } from './verifying.ts';

const ROWS = 1_000;
/** So slow that one step takes longer than anything may go on that was switched off. */
const SLOW_MS = 2_000;
/** Within which a step would have gone on. */
const WATCHED_MS = 9_000;

let harness: Harness;
let tenancy: string;
let target: Target;
/** When the target was asked to put rows right, by `performance.now()`. */
let repairedAt: number[];
let verifier: TestVerifier;

beforeEach(async () => {
  harness = await createHarness();
  tenancy = await harness.addTenancy();
  target = await harness.addTarget(tenancy);
  await addUsers(harness.db, tenancy, ROWS);
  await harness.sync(tenancy);
  await target.database.db.query('DELETE FROM hexclave.users');
  repairedAt = [];
  verifier = verifierOf(harness, { pace: RESTLESS, via: slowly });
});

afterEach(async () => {
  await verifier.close();
  await harness.close();
});

/** As over a link with long round trips. */
function slowly(connection: DestinationConnection): DestinationConnection {
  const { verification } = connection;
  if (verification === undefined) return connection;
  return {
    ...connection,
    verification: {
      ...verification,
      examine: async (table, keys, judge, repair) => {
        await delay(SLOW_MS);
        if (repair) repairedAt.push(performance.now());
        return verification.examine(table, keys, judge, repair);
      },
    },
  };
}

async function firstRepair(): Promise<void> {
  while (repairedAt.length === 0) await delay(20);
}

describe('a repair of very many rows over a slow link', () => {
  test('writes nothing more five seconds after the external database is paused', async () => {
    await request(harness.db, target, true);
    const stop = new AbortController();
    const work = verifier.workOff(60_000, stop.signal);
    await firstRepair();
    await harness.db.query('UPDATE "ExternalDatabase" SET "paused" = true');
    const paused = performance.now();
    await delay(WATCHED_MS);
    stop.abort();
    await work;
    expect(repairedAt.filter((at) => at > paused + 5_000)).toEqual([]);
  });

  test('keeps its claim for as long as it works: no other process does the same', async () => {
    const attentive = verifierOf(harness, {
      pace: RESTLESS,
      stepLimits: { askEveryMs: 50, longestMs: 60_000 },
      via: slowly,
    });
    onTestFinished(() => attentive.close());
    await request(harness.db, target, true);
    const stop = new AbortController();
    const work = attentive.workOff(60_000, stop.signal);
    await firstRepair();
    await harness.db.query(`UPDATE "VerificationRun" SET "leaseExpiresAt" = now()`);
    const isHeld = async () => {
      const held = await harness.db.query('SELECT 1 FROM "VerificationRun" WHERE "leaseExpiresAt" > now()');
      return held.length > 0;
    };
    // Before the step ends, which would prolong it anyway.
    await waitUntil(isHeld, { timeoutMs: 5_000, describe: 'the claim to be prolonged' });
    const [run] = await harness.db.query<{ turns: number }>('SELECT "turns" FROM "VerificationRun"');
    expect(run?.turns).toBe(1);
    stop.abort();
    await work;
  });

  test('that nobody asked for writes nothing more five seconds after the engine is switched off', async () => {
    const stop = new AbortController();
    const work = verifier.lookAround(60_000, stop.signal);
    await firstRepair();
    await harness.db.query('UPDATE "ExternalDbSyncMetadata" SET "syncEngineEnabled" = false');
    const switchedOff = performance.now();
    await delay(WATCHED_MS);
    stop.abort();
    await work;
    expect(repairedAt.filter((at) => at > switchedOff + 5_000)).toEqual([]);
  });
});

describe('a target that answers each statement just in time, and so keeps a step going for ever', () => {
  /** As a link that never fails and never comes to an end, until it is cut. */
  const endlessly = (connection: DestinationConnection): DestinationConnection => {
    let cut = () => {};
    const endless = new Promise<never>((_, reject) => {
      cut = () => reject(new DestinationError('TARGET_UNREACHABLE'));
    });
    endless.catch(() => undefined);
    const close = async () => {
      cut();
      await connection.close();
    };
    const { verification } = connection;
    if (verification === undefined) return connection;
    return { ...connection, close, verification: { ...verification, examine: () => endless } };
  };
  const impatient = () => {
    const own = verifierOf(harness, {
      pace: RESTLESS,
      stepLimits: { askEveryMs: 10, longestMs: 50 },
      via: endlessly,
    });
    onTestFinished(() => own.close());
    return own;
  };

  test('ends the run that somebody asked for, with the reason', async () => {
    const run = await impatient().verify(target, { repair: true });
    expect(run).toMatchObject({ state: 'failed', errorCode: 'TARGET_TIMEOUT', result: [] });
  });

  test('ends the turn of the verification that goes on by itself, and others have theirs', async () => {
    const own = impatient();
    expect(await own.lookAround(60_000, new AbortController().signal)).toBe(true);
    const [left] = await harness.db.query(
      `SELECT "claimToken" AS claim, "nextTurnAt" > now() + interval '1 minute' AS later FROM "ExternalDatabaseVerification"`,
    );
    expect(left).toEqual({ claim: null, later: true });
    expect(own.errors).toEqual([]);
  });
});
