import { text } from '@hexclave/env';
import { command } from '../../declare/command.ts';
import { choice, flag, option } from '../../declare/values.ts';
import { usageProblem } from '../../problem.ts';
import { PAGE_OPTIONS } from '../paging.ts';
import { projectApiOf } from './project-api.ts';
import { describeAll } from './show-all.ts';
import { describeProject } from './show-project.ts';

export const status = command({
  name: 'status',
  summary: 'How fresh every copy is, and what stands in the way',
  details:
    'Of one project, table by table, with the exact SQL or setting that puts an error right. With --all, as the operator: all projects, what needs most attention first.',
  options: {
    all: flag('--all', 'all projects, as the operator'),
    query: option('-q, --query <text>', 'with --all: part of the name or of the id of a project', text()),
    state: choice('--state <state>', 'with --all: only projects in that state', [
      'fresh',
      'behind',
      'failing',
      'paused',
    ]),
    ...PAGE_OPTIONS,
    check: flag('--check', 'ends with exit code 1 unless every copy is fresh or paused'),
  },
  examples: [
    'hexclave db-sync status',
    'hexclave db-sync status --all --state failing',
    'hexclave db-sync status --check',
  ],
  json: { words: 'the status, of one project or of all.', route: 'getSyncStatus' },
  failsWhen: 'with --check, a copy is behind or failing.',
  run: async ({ options }, context) => {
    const { query, state, cursor, check } = options;
    if (!options.all && (query ?? state ?? cursor) !== undefined) {
      throw usageProblem('--query, --state and --cursor go with --all.');
    }
    const found = options.all
      ? await (await context.operatorApi()).call('getSyncStatus', {
          query: { scope: 'all', query, state, cursor, limit: Math.min(options.limit, 200) },
        })
      : await ofProject(context);
    const isBad = found.scope === 'all' ? found.totals.behind + found.totals.failing > 0 : isBehind(found.state);
    return {
      json: found,
      text: (styles) => (found.scope === 'all' ? describeAll(found, styles) : describeProject(found, styles)),
      exitCode: check && isBad ? 1 : 0,
    };
  },
});

async function ofProject(context: Parameters<typeof projectApiOf>[0]) {
  const { api, query } = await projectApiOf(context);
  return api.call('getSyncStatus', { query: { scope: 'tenancy', ...query } });
}

function isBehind(state: string | null): boolean {
  return state === 'behind' || state === 'failing';
}
