import { AUDIT_ACTIONS, type AuditEvent } from '@hexclave/contract';
import { text } from '@hexclave/env';
import type { Context } from '../../context.ts';
import { command } from '../../declare/command.ts';
import { choice, flag, option } from '../../declare/values.ts';
import { table } from '../../output/table.ts';
import { counted, moment } from '../../output/words.ts';
import { moreLine, PAGE_OPTIONS, pageQuery } from '../paging.ts';
import { projectApiOf } from './project-api.ts';

const COLUMNS = [
  { name: 'WHEN' },
  { name: 'WHAT' },
  { name: 'PROJECT' },
  { name: 'DATABASE' },
  { name: 'BY' },
  { name: 'RESULT' },
  { name: 'REASON' },
];

export const audit = command({
  name: 'audit',
  summary: 'Who changed what, the newest first',
  options: {
    all: flag('--all', 'of all projects, as the operator'),
    database: option('--database <id>', 'only about this external database', text(), {
      suggests: 'external-databases',
    }),
    action: choice('--action <action>', 'only such', AUDIT_ACTIONS),
    ...PAGE_OPTIONS,
  },
  json: { words: 'a page of the audit log.', route: 'listAuditEvents' },
  run: async ({ options }, context) => {
    const { api, query } = await scope(options.all, context);
    const { action, database: external_database_id } = options;
    const page = await api.call('listAuditEvents', {
      query: { ...query, ...pageQuery(options), action, external_database_id },
    });
    return {
      json: page,
      text: (styles) =>
        [table(COLUMNS, page.items.map(row), styles), ...moreLine(page.pagination.next_cursor, styles)].join('\n'),
    };
  },
});

async function scope(all: boolean, context: Context) {
  return all ? { api: await context.operatorApi(), query: {} } : projectApiOf(context);
}

function row(event: AuditEvent): string[] {
  const { actor } = event;
  return [
    moment(event.at_millis),
    event.action,
    event.project_id ?? '',
    event.external_database_id ?? '',
    `${actor.kind}${actor.key_hint === null ? '' : ` …${actor.key_hint}`} (${actor.origin})`,
    event.result,
    event.reason ?? signInNote(event),
  ];
}

/** From where somebody signed in, or how often that failed. */
function signInNote({ action, after }: AuditEvent): string {
  if (action !== 'session.sign_in' || after === null) return '';
  const { by, address, attempts } = after;
  const failed = typeof attempts === 'number' ? `${counted(attempts, 'attempt')} ` : '';
  return `${failed}by ${by} from ${address ?? 'many addresses'}`;
}
