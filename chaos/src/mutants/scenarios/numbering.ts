import { runOperations } from '../../workload/transaction.ts';
import type { Scenario } from '../mutant.ts';
import { begin, openTransaction, operation, run, sync, untilBlocked, user, work, workerOf, write } from './moves.ts';

/** Whoever waits here is in the middle of a pass, with numbers drawn that nobody can see. */
const HOLD = [
  `CREATE FUNCTION chaos.hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$`,
  `CREATE TRIGGER chaos_hold BEFORE UPDATE OF "sequenceId" ON "Team" FOR EACH ROW WHEN (NEW."displayName" = 'hold here') EXECUTE FUNCTION chaos.hold()`,
] as const;

/** A pass is held in the middle; another one is begun; a reader comes between the commits of the two. */
export const twoPassesAtOnce: Scenario = {
  name: 'two passes at once',
  workers: 2,
  play: async (stage) => {
    await begin(stage);
    for (const statement of HOLD) await stage.internal.query(statement);
    const held = await openTransaction(stage, (tx) => tx.query('SELECT pg_advisory_xact_lock(4711)'));
    await write(stage, user('insertUser', 5), operation('putTeam', [1], 'hold here', '{}'));
    const first = workerOf(stage, 0).call('number');
    await untilBlocked(stage.internal, 1);
    await write(stage, user('insertUser', 6));
    const second = workerOf(stage, 1).call('number');
    await untilBlocked(stage.internal, 2, second);
    await sync(stage, 0);
    await held.commit();
    await Promise.all([first, second]);
    return [];
  },
};

/** SIGKILL between the commit of a pass and whatever would have come next. */
export const killedAfterNumbering: Scenario = {
  name: 'killed after numbering',
  workers: 1,
  play: async (stage) => {
    await begin(stage);
    await write(stage, user('updateUser', 1, 'the last change for long'));
    await run(stage, 'number');
    const worker = workerOf(stage);
    worker.kill('SIGKILL');
    await worker.restart();
    return [];
  },
};

/** A deleted key lives again, and its tombstone, which somebody had locked, gets the larger number. */
export const lateTombstone: Scenario = {
  name: 'late tombstone',
  workers: 1,
  play: async (stage) => {
    await begin(stage);
    await write(stage, user('recreateUser', 2, 'lives again'));
    const held = await openTransaction(stage, (tx) => tx.query('SELECT 1 FROM "DeletedRow" FOR UPDATE'));
    await work(stage);
    await held.commit();
    return [];
  },
};

/** A looked-up row changes in a transaction that is open while the row it shows up in is numbered. */
export const lateLookup: Scenario = {
  name: 'late look-up',
  workers: 1,
  play: async (stage) => {
    await begin(stage);
    await write(stage, operation('insertChannel', [1, 1], 'first'));
    await work(stage);
    await write(stage, user('updateUser', 1, 'flagged'));
    const operations = [operation('updateChannel', [1, 1], 'second')];
    const open = await openTransaction(stage, (tx) => runOperations(tx, { operations, openMs: 0 }, stage));
    await work(stage);
    await open.commit();
    return [];
  },
};
