import { defineRoute } from '../route.ts';
import { projectQuery } from '../schemas/controls.ts';
import { profileHistory, profileHistoryQuery, profileReply, profileRequest, profileStep } from '../schemas/profile.ts';

const tag = 'Controls';

export const profileExternalDatabase = defineRoute({
  method: 'post',
  path: '/internal/external-db-sync/profile',
  access: 'admin',
  limit: 'profiles',
  tag,
  summary: 'Measure what the statements of a copy cost, on real rows',
  description:
    'Each is run once in a transaction that is rolled back, with short time-outs, and waits for nobody’s locks: some seconds ' +
    'for all. With `accept: text/event-stream` each statement is sent as soon as it is measured, as the event `step`; then ' +
    'comes `result`, which is the same as the answer in JSON, or `error`. The profile ends when its caller hangs up, and ' +
    'after four minutes. Limited to a few in a minute.',
  query: projectQuery,
  body: profileRequest,
  status: 200,
  reply: profileReply,
  steps: profileStep,
  errors: ['PROJECT_NOT_FOUND', 'EXTERNAL_DATABASE_NOT_FOUND', 'MAPPING_NOT_COPIED', 'PROFILE_TIMED_OUT'],
});

export const listProfiles = defineRoute({
  method: 'get',
  path: '/internal/external-db-sync/profile',
  access: 'admin',
  tag,
  summary: 'List the latest profiles of an external database',
  description: 'Fifty runs of each statement are kept, for 90 days.',
  query: profileHistoryQuery,
  status: 200,
  reply: profileHistory,
  errors: ['PROJECT_NOT_FOUND', 'EXTERNAL_DATABASE_NOT_FOUND', 'MAPPING_NOT_COPIED'],
});
