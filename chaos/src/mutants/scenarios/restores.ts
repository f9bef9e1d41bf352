import { backUpInternal, restoreInternal } from '../../stage/restore.ts';
import type { Scenario } from '../mutant.ts';
import { begin, run, user, work, write } from './moves.ts';

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
