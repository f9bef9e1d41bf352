import type { PauseList } from '@hexclave/contract';
import { command } from '../../declare/command.ts';
import type { Styles } from '../../output/styles.ts';
import { table } from '../../output/table.ts';
import { moment } from '../../output/words.ts';
import { usageProblem } from '../../problem.ts';
import { databaseArgument, mappingOption, optionalDatabaseArgument, reasonOption } from './arguments.ts';
import { projectApiOf } from './project-api.ts';

export const enqueue = command({
  name: 'enqueue',
  summary: 'Sync all external databases of the project now',
  json: { words: '`{"queued": …}`; false if there is no external database.', route: 'enqueueExternalDbSync' },
  run: async (_input, context) => {
    const { api, query } = await projectApiOf(context);
    const reply = await api.call('enqueueExternalDbSync', { query });
    return {
      json: reply,
      text: () => (reply.queued ? 'A sync is queued.' : 'This project has no external database; nothing was queued.'),
    };
  },
});

export const retry = command({
  name: 'retry',
  summary: 'Try an external database, or one table of it, again now',
  details: 'What waits for its next attempt is due at once; rows that were refused are tried again too.',
  args: { database: databaseArgument },
  options: { mapping: mappingOption, reason: reasonOption },
  json: { words: '`{"retried": …}`; false if nothing was waiting.', route: 'retrySync' },
  run: async ({ args, options }, context) => {
    const { api, query } = await projectApiOf(context);
    const body = { external_database_id: args.database, ...options };
    const reply = await api.call('retrySync', { query, body });
    return {
      json: reply,
      text: () =>
        reply.retried ? 'It is tried again now.' : 'Nothing was waiting for its next attempt; a sync is queued.',
    };
  },
});

export const pause = command({
  name: 'pause',
  summary: 'Pause an external database, or the whole project',
  details: 'Within five seconds nothing more is written there. Changes are kept, and arrive after the pause.',
  args: { database: optionalDatabaseArgument },
  options: { reason: reasonOption },
  examples: ["hexclave db-sync pause main --reason 'maintenance of db7'"],
  json: { words: 'what is paused in the project.', route: 'pauseSync' },
  run: async ({ args, options }, context) => {
    if (options.reason === undefined) {
      throw usageProblem('A pause needs a reason: whoever finds it later wants to know why.', 'Add --reason "…".');
    }
    const { api, query } = await projectApiOf(context);
    const body = { external_database_id: args.database, reason: options.reason };
    const list = await api.call('pauseSync', { query, body });
    return { json: list, text: (styles) => describePauses(list, styles) };
  },
});

export const resume = command({
  name: 'resume',
  summary: 'End a pause',
  details:
    'Of the side that asks. What the operator has paused, only the operator resumes; the answer shows what is left.',
  args: { database: optionalDatabaseArgument },
  options: { reason: reasonOption },
  json: { words: 'what is still paused in the project.', route: 'resumeSync' },
  run: async ({ args, options }, context) => {
    const { api, query } = await projectApiOf(context);
    const body = { external_database_id: args.database, reason: options.reason };
    const list = await api.call('resumeSync', { query, body });
    return { json: list, text: (styles) => describePauses(list, styles) };
  },
});

const COLUMNS = [{ name: 'PAUSED' }, { name: 'BY' }, { name: 'SINCE' }, { name: 'REASON' }];

function describePauses({ items }: PauseList, styles: Styles): string {
  if (items.length === 0) return 'Nothing is paused.';
  const rows = items.map((one) => [
    one.external_database_id ?? `project ${one.project_id}`,
    one.by === null ? one.paused_by : `${one.paused_by} (${one.by.origin})`,
    moment(one.since_millis),
    one.reason ?? '',
  ]);
  return table(COLUMNS, rows, styles);
}
