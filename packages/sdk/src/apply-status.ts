import type { StatusChange, StatusSnapshot } from '@hexclave/contract';
import type { StatusMessage } from './watch-status.ts';

type Tenancy = Extract<StatusSnapshot, { scope: 'tenancy' }>;
type All = Extract<StatusSnapshot, { scope: 'all' }>;

/** The whole status after a message. Undefined until the first snapshot. What is given is not altered. */
export function applyStatusMessage(
  status: StatusSnapshot | undefined,
  message: StatusMessage,
): StatusSnapshot | undefined {
  if (message.type === 'snapshot') return message.data;
  if (status === undefined || message.type === 'disconnected') return status;
  if (message.type === 'heartbeat') return { ...status, at_millis: message.data.at_millis };
  return applyChange(status, message.data);
}

function applyChange(status: StatusSnapshot, change: StatusChange): StatusSnapshot {
  if (status.scope === 'tenancy' && change.scope === 'tenancy') return applyToProject(status, change);
  if (status.scope === 'all' && change.scope === 'all') return applyToAll(status, change);
  return status;
}

function applyToProject(status: Tenancy, change: Extract<StatusChange, { scope: 'tenancy' }>): Tenancy {
  const databases = merge(
    status.external_databases,
    change.external_databases ?? [],
    change.removed_external_databases ?? [],
    ({ id }) => id,
  );
  return {
    ...status,
    at_millis: change.at_millis,
    pipeline: change.pipeline ?? status.pipeline,
    external_databases: databases,
    state: worst(databases.map(({ state }) => state)),
  };
}

/** Projects that have just become fresh come once more, and then belong to the list no longer. */
function applyToAll(status: All, change: Extract<StatusChange, { scope: 'all' }>): All {
  const changed = change.projects ?? [];
  const gone = changed.filter(({ state }) => state === 'fresh').map(({ tenancy_id }) => tenancy_id);
  const removed = [...(change.removed_projects ?? []), ...gone];
  return {
    ...status,
    at_millis: change.at_millis,
    totals: change.totals ?? status.totals,
    pipeline: change.pipeline ?? status.pipeline,
    projects: merge(status.projects, changed, removed, ({ tenancy_id }) => tenancy_id),
  };
}

/** Items keep their places; new ones come last. */
function merge<Item>(items: Item[], changed: Item[], removed: string[], idOf: (item: Item) => string): Item[] {
  const byId = new Map([...items, ...changed].map((item) => [idOf(item), item]));
  for (const id of removed) byId.delete(id);
  return [...byId.values()];
}

type State = NonNullable<Tenancy['state']>;
const FROM_WORST: readonly State[] = ['failing', 'behind', 'paused', 'fresh'];

function worst(states: State[]): State | null {
  return FROM_WORST.find((state) => states.includes(state)) ?? null;
}
