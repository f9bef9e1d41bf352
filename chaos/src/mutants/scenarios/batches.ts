import type { Expectation, Strike } from '../../nemesis/fault.ts';
import { warp } from '../../stage/settle.ts';
import type { Stage } from '../../stage/stage.ts';
import { ROW_CANARY } from '../../workload/values.ts';
import type { Scenario } from '../mutant.ts';
import {
  begin,
  freeze,
  hold,
  operation,
  run,
  sync,
  syncNamed,
  targetOf,
  user,
  work,
  workerOf,
  write,
} from './moves.ts';

/** Part of the statement that moves a position, with or without a fence before it. */
const MOVE = '_hexclave_sync_metadata" SET epoch';

/** An older batch is on its way for so long that another engine has applied a newer one meanwhile. */
export const lateBatch: Scenario = {
  name: 'late batch',
  workers: 2,
  play: async (stage) => {
    const { proxy } = targetOf(stage);
    await begin(stage);
    await write(stage, user('updateUser', 1, 'old'));
    await run(stage, 'number');
    const held = hold(stage, MOVE);
    const late = sync(stage, 0);
    await held;
    await write(stage, user('updateUser', 1, 'new'));
    await run(stage, 'number', 1);
    await sync(stage, 1);
    proxy.calm();
    await late;
    return [];
  },
};

/** Part of the question which rows are to be tried again. */
const DUE = `mapping_name = 'users' AND (p.next_attempt_at > now()`;

/**
 * While an engine tries a parked row again, another one has sent a batch with a newer version of it, which is on its way
 * still when the newest one is written.
 */
export const lateRetry: Scenario = {
  name: 'late retry of a parked row',
  workers: 2,
  play: async (stage) => {
    const { db, proxy } = targetOf(stage);
    await begin(stage);
    await db.query(`ALTER TABLE hexclave.users ADD CONSTRAINT plain CHECK (display_name <> 'refused')`);
    await write(stage, user('updateUser', 1, 'refused'));
    await work(stage);
    await db.query('ALTER TABLE hexclave.users DROP CONSTRAINT plain');
    await warp(stage);
    const retrying = workerOf(stage, 1);
    const asked = hold(stage, DUE);
    const retry = syncNamed(stage, 1);
    await asked;
    await freeze(retrying);
    proxy.calm();
    const held = hold(stage, MOVE);
    await write(stage, user('updateUser', 1, 'new'));
    await run(stage, 'number');
    const late = sync(stage, 0);
    await held;
    await write(stage, user('updateUser', 1, 'newest'));
    await run(stage, 'number');
    retrying.kill('SIGCONT');
    await retry;
    proxy.calm();
    await late;
    return [];
  },
};

/** SIGKILL with a claim and a batch on its way; nothing else changes afterwards. */
export const killedWithClaim: Scenario = {
  name: 'killed with a claim',
  workers: 1,
  play: async (stage) => {
    const { proxy } = targetOf(stage);
    const worker = workerOf(stage);
    await begin(stage);
    await write(stage, user('updateUser', 1, 'the last change for long'));
    await run(stage, 'number');
    const held = hold(stage, MOVE);
    const polling = worker.call('poll').catch(() => undefined);
    await held;
    worker.kill('SIGKILL');
    await polling;
    proxy.cut();
    proxy.calm();
    await worker.restart();
    return [];
  },
};

/** Every way in which rows come, change and go, in two tenancies with the same keys. */
export const everyKindOfWrite: Scenario = {
  name: 'every kind of write',
  workers: 1,
  play: async (stage) => {
    const both = (kind: string, numbers: readonly number[], ...texts: readonly string[]) => [
      operation(kind, numbers, ...texts),
      { ...operation(kind, numbers, ...texts), tenancy: 1 },
    ];
    const steps = [
      [1, 2, 3, 4, 6].flatMap((number) => both('insertUser', [number], 'name', '{}', 'infinity')),
      [1, 2, 3].flatMap((number) => both('putTeam', [number], 'team', '[]')),
      [1, 2, 6].flatMap((number) => both('insertChannel', [number, number], 'address')),
      [1, 2, 3].flatMap((number) => both('putMember', [number, number], 'member')),
      [user('updateUser', 1, 'changed'), operation('transfer', [1])],
      // Left alone from here on: a later write would hide that this one was not seen.
      [operation('updateChannel', [6, 6], 'changed'), operation('putTeam', [2], 'changed', '{}')],
      [operation('putMember', [1, 1], 'changed'), operation('demoteChannel', [2, 2], 'demoted')],
      [operation('renameUser', [4, 5]), operation('deleteMember', [3, 3]), operation('deleteChannel', [2, 2])],
      [operation('renameTeam', [3, 4]), operation('deleteTeam', [1])],
      [operation('moveTeam', [4, 0]), operation('recreateChannel', [1, 1], 'again'), user('deleteUser', 3)],
      [operation('insertMany', [0, 600, 0])],
      [operation('updateMany', [0, 600, 1]), operation('truncateMembers', [])],
      [operation('deleteMany', [0, 600, 2])],
    ];
    for (const step of steps) {
      await write(stage, ...step);
      await work(stage);
    }
    return [];
  },
};

/** A target is away when its only change comes. */
export const targetAway: Scenario = {
  name: 'target away',
  workers: 1,
  play: async (stage) => {
    const target = targetOf(stage);
    await begin(stage);
    const since = Date.now();
    target.proxy.refuse(true);
    await write(stage, user('updateUser', 1, 'meanwhile'));
    await work(stage);
    target.proxy.calm();
    return [expecting(stage, since, ['TARGET_UNREACHABLE'])];
  },
};

/** The owner drops a column, and puts it back. */
export const columnDropped: Scenario = {
  name: 'column dropped',
  workers: 1,
  play: async (stage) => {
    const { db } = targetOf(stage);
    await begin(stage);
    const since = Date.now();
    await db.query('ALTER TABLE hexclave.users DROP COLUMN profile_image_url');
    await write(stage, user('updateUser', 1, 'meanwhile'));
    await work(stage);
    await db.query('ALTER TABLE hexclave.users ADD COLUMN profile_image_url text');
    return [expecting(stage, since, ['TARGET_DRIFT'])];
  },
};

/** A constraint of the owner's refuses a row, for what is in it. */
export const rowRefused: Scenario = {
  name: 'row refused',
  workers: 1,
  play: async (stage) => {
    const { db } = targetOf(stage);
    await begin(stage);
    const since = Date.now();
    await db.query(`ALTER TABLE hexclave.users ADD CONSTRAINT plain CHECK (display_name NOT LIKE '%canary%')`);
    await write(stage, user('updateUser', 1, ROW_CANARY), user('updateUser', 2, 'harmless'));
    await work(stage);
    await warp(stage);
    await work(stage);
    return [expecting(stage, since, ['PARKED'])];
  },
  mend: async (stage) => {
    await targetOf(stage).db.query('ALTER TABLE hexclave.users DROP CONSTRAINT plain');
  },
};

function expecting(stage: Stage, since: number, codes: readonly string[]): Strike {
  const { tenancyId, id } = targetOf(stage);
  const expects: Expectation = { kind: 'scenario', tenancyId, externalDatabaseId: id, codes, since };
  return { kind: 'scenario', struck: 1, expects, from: since, to: Date.now() };
}
