import type { ExternalDatabaseConfig } from '@hexclave/config';
import type { Stage } from '../../stage/stage.ts';
import type { Scenario } from '../mutant.ts';
import { begin, targetOf, user, work, write } from './moves.ts';

/** The owner switches to soft deletions; rows go, and one comes back; then they switch back. */
export const softDeletions: Scenario = {
  name: 'soft deletions',
  workers: 1,
  play: async (stage) => {
    await begin(stage);
    await deleteBy(stage, 'soft');
    for (const step of [user('deleteUser', 2), user('deleteUser', 3), user('insertUser', 2, 'lives again')]) {
      await write(stage, step);
      await work(stage);
    }
    return [];
  },
  mend: (stage) => deleteBy(stage, 'hard'),
};

async function deleteBy(stage: Stage, deleteMode: ExternalDatabaseConfig['deleteMode']): Promise<void> {
  const target = targetOf(stage);
  target.config = { ...target.config, deleteMode };
  await stage.configure(target);
  await work(stage);
}
