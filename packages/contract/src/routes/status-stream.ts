import { defineRoute } from '../route.ts';
import { statusEvent, streamQuery } from '../schemas/status.ts';

export const streamSyncStatus = defineRoute({
  method: 'get',
  path: '/internal/external-db-sync/status/stream',
  access: 'admin',
  tag: 'External DB Sync',
  summary: 'Follow the status live',
  description:
    'Server-sent events. `snapshot` comes first, with everything; `change` then carries only what is different; `heartbeat` ' +
    'says every few seconds that the rest is as it was; `end` comes before the server closes the stream. Times that go on by ' +
    'themselves (`fresh_through_millis`, `behind_millis`) alone make no change. Connect again with the id of the last ' +
    'event, as `EventSource` does, to get what was missed: changes, or else a snapshot.',
  query: streamQuery,
  status: 200,
  contentType: 'text/event-stream',
  reply: statusEvent,
  errors: ['EXPECTED_INTERNAL_PROJECT', 'PROJECT_NOT_FOUND'],
});
