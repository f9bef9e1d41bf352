import { defineRoute } from '../route.ts';
import { historyQuery, statusHistory, statusQuery, syncStatus } from '../schemas/status.ts';

const tag = 'External DB Sync';

export const getSyncStatus = defineRoute({
  method: 'get',
  path: '/internal/external-db-sync/status',
  access: 'admin',
  tag,
  summary: 'Get how fresh every copy is, and what stands in the way',
  description:
    'Of the project of the key, or of all projects as pages. No figure takes longer with more users: long backlogs are ' +
    'counted up to a limit, which `rows_behind_precision` says.',
  query: statusQuery,
  status: 200,
  reply: syncStatus,
  errors: ['EXPECTED_INTERNAL_PROJECT', 'PROJECT_NOT_FOUND'],
});

export const getSyncStatusHistory = defineRoute({
  method: 'get',
  path: '/internal/external-db-sync/status/history',
  access: 'admin',
  tag,
  summary: 'Get rates, backlogs and delays of the last hour',
  query: historyQuery,
  status: 200,
  reply: statusHistory,
  errors: ['EXPECTED_INTERNAL_PROJECT', 'PROJECT_NOT_FOUND'],
});
