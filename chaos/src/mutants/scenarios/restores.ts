import { backUpInternal, backUpRows, putRowsBack, restoreInternal } from '../../stage/restore.ts';
import type { Scenario } from '../mutant.ts';
import { begin, operation, run, syncNamed, targetOf, user, work, write } from './moves.ts';

/** The internal database is restored from a backup after the target has seen more; then other changes get the same numbers. */
export const sourceRestored: Scenario = {
  name: 'source restored',
  workers: 1,
  play: async (stage) => {
    await begin(stage);
    const backup = await backUpInternal(stage);
    await write(stage, user('insertUser', 5), user('insertUser', 6), user('updateUser', 1, 'undone'));
    await work(stage);
    await write(stage, user('deleteUser', 3));
    await work(stage);
    await restoreInternal(stage, backup);
    await write(stage, user('insertUser', 7), user('updateUser', 2, 'after the restore'));
    return [];
  },
};

/** As before, but what is undone has got no number yet when the target sees it: it comes under numbers from before the backup. */
export const unnumberedChangesUndone: Scenario = {
  name: 'unnumbered changes undone',
  workers: 1,
  play: async (stage) => {
    await begin(stage);
    await write(stage, user('updateUser', 1, 'kept'), user('updateUser', 2, 'kept'));
    await run(stage, 'number');
    const backup = await backUpInternal(stage);
    await write(stage, user('updateUser', 1, 'undone'), user('deleteUser', 2));
    await run(stage, 'poll');
    await restoreInternal(stage, backup);
    return [];
  },
};

/**
 * The owner puts older rows back into their tables, and the position with them, while the engine stays connected. Nothing is
 * written afterwards; the operator has that external database tried again.
 */
export const quietTargetRestored: Scenario = {
  name: 'quiet target restored',
  workers: 1,
  play: async (stage) => {
    const target = targetOf(stage);
    await begin(stage);
    await backUpRows(target);
    await write(stage, user('insertUser', 5), user('updateUser', 1, 'lost'), operation('putTeam', [1], 'lost', '[]'));
    await write(stage, user('deleteUser', 2));
    await work(stage);
    await putRowsBack(target);
    await syncNamed(stage, 0);
    return [];
  },
};
