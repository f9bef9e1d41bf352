import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '@hexclave/testing/random';
import { findAllDifferences } from '../checks/convergence.ts';
import { adminHeaders } from '../stage/access.ts';
import { patiently } from '../stage/patience.ts';
import { backUpRows, backUpTarget, putRowsBack, restoreTarget } from '../stage/restore.ts';
import { warp } from '../stage/settle.ts';
import type { Stage } from '../stage/stage.ts';
import type { Target } from '../stage/target.ts';
import { TENANCIES } from '../stage/tenancies.ts';
import { chooseOperation } from '../workload/catalogue.ts';
import { runOperations } from '../workload/transaction.ts';
import { chosen, type FaultKind, type Notice } from './fault.ts';
import { nudge } from './nudge.ts';

/**
 * A target whose tenancy is not written to any more is put back to where it was: no batch is refused there, so nothing but
 * the restore itself can tell.
 */

const QUIET = TENANCIES.findIndex(({ temper }) => temper === 'quiet');
const TARGETS_BEFORE = TENANCIES.slice(0, QUIET).reduce((sum, { targets }) => sum + targets, 0);

/** The internal database stays as it is: a restart or a restore of it has every tenancy compare itself. */
const uses = () => ['internal', `target ${TARGETS_BEFORE}`];

/** How long changes of a tenancy may take to arrive, with other faults about. */
const ARRIVE_MS = 15_000;
const LOOK_EVERY_MS = 100;

/** The database as a whole: whoever is connected is sent away, and asks once it is there again. */
const replaced: FaultKind = {
  name: 'quiet target restored from a backup',
  late: true,
  uses,
  strike: (stage, { choice, holdMs }) =>
    restoreQuietly(stage, choice, holdMs, async (target) => {
      const backup = await backUpTarget(stage, target);
      return async () => {
        const isAnyoneConnected = (await patiently(() => target.db.query(CONNECTED))).length > 0;
        await restoreTarget(stage, target, backup);
        if (isAnyoneConnected) return 'by itself';
        await ask(stage, target, 'retry');
        return 'when asked';
      };
    }),
};

const CONNECTED = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'hexclave%'`;

/** Rows and position only: every connection stays, and somebody has to ask. */
const putBack: FaultKind = {
  name: 'rows of a quiet target put back',
  late: true,
  uses,
  strike: (stage, { choice, holdMs }) =>
    restoreQuietly(stage, choice, holdMs, async (target) => {
      await backUpRows(target);
      return async () => {
        await putRowsBack(target);
        await ask(stage, target, choice % 3 === 0 ? 'verify' : 'retry');
        return 'when asked';
      };
    }),
};

export const QUIET_RESTORES: readonly FaultKind[] = [replaced, putBack];

/** `backUp` returns what restores the backup; that returns how it must be noticed. */
async function restoreQuietly(
  stage: Stage,
  choice: number,
  holdMs: number,
  backUp: (target: Target) => Promise<() => Promise<Notice['must']>>,
): Promise<{ struck: number; notice?: Notice }> {
  const target = chosen(stage.targets, TARGETS_BEFORE);
  const hadArrived = await arrives(stage, target, ARRIVE_MS);
  const noted = await lastNoted(target);
  const restore = await backUp(target);
  await writeMore(stage, target, choice);
  await delay(holdMs);
  const hasArrived = await arrives(stage, target, ARRIVE_MS);
  const before = await lastNumber(stage, target);
  const must = await restore();
  const noticed = await untilNoticed(stage, target, choice);
  // What is written later has the target asked in any case.
  const isHidden = (await lastNumber(stage, target)) !== before;
  const hasLost = target.archive.at(-1)?.some(({ id, what }) => id > noted && what !== 'move') === true;
  if (!hadArrived || !hasArrived || isHidden || !hasLost) return { struck: 0 };
  return { struck: 1, notice: { target: `${target.tenancy}/${target.id}`, must, noticed } };
}

const OPERATIONS = 20;

/** Changes that the backup does not have: of anything, and one that surely is none of no effect. */
async function writeMore(stage: Stage, target: Target, choice: number): Promise<void> {
  const random = seededRandom(choice);
  for (let index = 0; index < OPERATIONS; index++) {
    const operations = [chooseOperation(random, target.tenancy)];
    // Some are refused, as in any run.
    await stage.internal
      .transaction((tx) => runOperations(tx, { operations, openMs: 0 }, stage))
      .catch(() => undefined);
  }
  await nudge(stage, target, choice);
}

/** The last change of a row, or move of a position, that the target's history has. */
async function lastNoted({ db }: Target): Promise<bigint> {
  const [row] = await patiently(() => db.query<{ last: bigint | null }>('SELECT max(id) AS last FROM chaos.history'));
  return row?.last ?? 0n;
}

/** Whether the target comes to be equal to its source within a time. */
async function arrives({ internal }: Stage, target: Target, withinMs: number): Promise<boolean> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    if ((await patiently(() => findAllDifferences(internal, [target]))).length === 0) return true;
    if (performance.now() > giveUpAt) return false;
    await delay(LOOK_EVERY_MS);
  }
}

const LAST_NUMBER = 'SELECT max(number) AS last FROM chaos.numbered WHERE tenancy = $1';

/** The last number that a row of the tenancy has got. */
async function lastNumber({ internal }: Stage, { tenancyId }: Target): Promise<bigint | null> {
  const [row] = await patiently(() => internal.query<{ last: bigint | null }>(LAST_NUMBER, [tenancyId]));
  return row?.last ?? null;
}

/** A question that is asked again needs no patience of more than this. */
const UNASKED_MS = 15_000;
const ASKED_MS = 8_000;
const QUESTIONS = 3;

async function untilNoticed(stage: Stage, target: Target, choice: number): Promise<Notice['noticed']> {
  if (await arrives(stage, target, UNASKED_MS)) return 'at once';
  for (let question = 0; question < QUESTIONS; question++) {
    // Whoever had taken up the question may have been killed with it.
    await warp(stage);
    await ask(stage, target, 'retry', choice + question);
    if (await arrives(stage, target, ASKED_MS)) return 'when asked again';
  }
  return 'never';
}

const ASK = '/api/v1/internal/external-db-sync';

/** What the operator is told to do after a restore. */
async function ask(stage: Stage, { tenancyId, id }: Target, how: 'retry' | 'verify', choice = 0): Promise<void> {
  const request = {
    method: 'POST' as const,
    headers: { ...adminHeaders(stage.access.operator), 'content-type': 'application/json' },
    body: JSON.stringify({ external_database_id: id }),
  };
  let attempt = choice;
  await patiently(async () => {
    const path = `${ASK}/${how}?project_id=${tenancyId}`;
    const { status, body } = await chosen(stage.workers, attempt++).call('api', path, request);
    if (status >= 300) throw new Error(`${how} answered ${status}: ${body}`);
  });
}
