/** Whether a metric speaks of one process, or of the installation: then every process tells the same, from the database. */
export type MetricScope = 'process' | 'installation';

type Common = { readonly name: string; readonly help: string; readonly scope: MetricScope };

/** What is declared of one metric. `labels` have few values: never one for each tenancy. */
export type MetricDeclaration<Label extends string = string> = Common & { readonly labels: readonly Label[] } & (
    | { readonly type: 'counter' | 'gauge' }
    | { readonly type: 'histogram'; readonly buckets: readonly number[] }
  );

/** Seconds, from a local round trip to a delivery that is broken off. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

function counter<const Label extends string = never>(name: string, help: string, labels: readonly Label[] = []) {
  return { type: 'counter', scope: 'process', name, help, labels } as const;
}

function gauge<const Label extends string = never>(name: string, help: string, labels: readonly Label[] = []) {
  return { type: 'gauge', scope: 'process', name, help, labels } as const;
}

function seconds<const Label extends string = never>(name: string, help: string, labels: readonly Label[] = []) {
  return { type: 'histogram', scope: 'process', name, help, labels, buckets: SECONDS } as const;
}

function installation<const Label extends string = never>(name: string, help: string, labels: readonly Label[] = []) {
  return { type: 'gauge', scope: 'installation', name, help, labels } as const;
}

/** Every metric of ours. `docs/reference/metrics.md` is generated from this table. */
export const METRICS = {
  buildInfo: gauge('hexclave_build_info', 'Always 1; the version of the server is a label.', ['version']),

  passes: counter('hexclave_sequencer_passes_total', 'Passes of the sequencer, those included that found nothing.'),
  numberedRows: counter('hexclave_sequencer_rows_total', 'Changed and deleted rows that were numbered.'),
  passSeconds: seconds('hexclave_sequencer_pass_duration_seconds', 'How long passes took that numbered something.'),
  wakes: counter('hexclave_wakes_total', 'Sleeps that a message has ended, where a poll would have come later.', [
    'part',
  ]),

  deliveries: counter(
    'hexclave_outgoing_request_deliveries_total',
    'Deliveries of outgoing requests that have ended, by kind (sync, http) and result: delivered; again (there is more to do); handed_over (to a queue service); or the code of the failure.',
    ['kind', 'result'],
  ),
  deliverySeconds: seconds('hexclave_outgoing_request_delivery_duration_seconds', 'How long deliveries took.', [
    'kind',
  ]),
  deliveriesUnderWay: gauge('hexclave_outgoing_request_deliveries_under_way', 'Deliveries under way.', ['kind']),
  retries: counter('hexclave_outgoing_request_retries_total', 'Deliveries that were begun after one that had failed.', [
    'kind',
  ]),
  leaseExtensions: counter(
    'hexclave_outgoing_request_lease_extensions_total',
    'Deliveries that took longer than half of their claim.',
  ),

  connects: counter(
    'hexclave_sync_connections_total',
    'Connections to external databases, by result: opened, or a code.',
    ['result'],
  ),
  batches: counter(
    'hexclave_sync_batches_total',
    'Batches sent to external databases, by table, way (page, bulk, parked) and result: applied; fenced (another process had moved the position, nothing was changed); or the code of the error. Refused batches are tried again at once, as smaller ones.',
    ['mapping', 'way', 'result'],
  ),
  batchSeconds: seconds('hexclave_sync_batch_duration_seconds', 'From the first row sent to the commit.', ['way']),
  appliedRows: counter('hexclave_sync_rows_applied_total', 'Rows that batches have written or deleted.', ['mapping']),
  parkedRows: counter('hexclave_sync_rows_parked_total', 'Rows that an external database has refused.', ['mapping']),
  bytes: counter('hexclave_sync_bytes_total', 'Bytes of rows sent to external databases.', ['way']),
  failures: counter(
    'hexclave_sync_failures_total',
    'Failures of external databases or of single tables that were kept for their owner, by code.',
    ['code'],
  ),

  pipelineErrors: counter(
    'hexclave_pipeline_errors_total',
    'Errors of this server in a part of the pipeline; the log has each.',
    ['part'],
  ),
  httpSeconds: seconds('hexclave_http_request_duration_seconds', 'Requests to the API, by route and status.', [
    'route',
    'status',
  ]),
  poolConnections: gauge('hexclave_database_pool_connections', 'Connections to the internal database.', [
    'pool',
    'state',
  ]),
  poolWaiting: gauge('hexclave_database_pool_waiting', 'Statements that wait for a connection.', ['pool']),
  poolLimit: gauge('hexclave_database_pool_limit', 'The most connections that a pool opens.', ['pool']),
  lostSpans: counter('hexclave_trace_spans_lost_total', 'Spans of traces that could not be sent.'),

  up: gauge(
    'hexclave_installation_up',
    'Whether the metrics of the installation could be read: 0 when the internal database does not answer. They are left out then.',
  ),
  switchOn: installation('hexclave_switch_on', 'Switches of the fusebox: 1 on, 0 off.', ['switch']),
  changesPending: installation(
    'hexclave_changes_pending',
    'Changed rows that wait for a number, by tracked table; DeletedRow stands for deleted ones. Counted up to a limit.',
    ['table'],
  ),
  requests: installation(
    'hexclave_outgoing_requests',
    'Outgoing requests: pending (waiting), due (of these, could be delivered now), retrying (of these, have failed before), in_flight, stale (of these, their claim has run out), given_up. Counted up to a limit.',
    ['state'],
  ),
  oldestDueSeconds: installation(
    'hexclave_outgoing_request_oldest_due_seconds',
    'How long the oldest outgoing request has been due; 0 when none is.',
  ),
  projects: installation(
    'hexclave_projects',
    'Projects with external databases, by the worst state of these: fresh, behind, failing, paused.',
    ['state'],
  ),
  externalDatabases: installation('hexclave_external_databases', 'External databases.'),
  failingDatabases: installation(
    'hexclave_external_databases_failing',
    'External databases that fail, wholly or in a table, by code of the error.',
    ['code'],
  ),
  pausedDatabases: installation(
    'hexclave_external_databases_paused',
    'External databases that their owners have paused.',
  ),
  longestFailingSeconds: installation(
    'hexclave_external_database_longest_failing_seconds',
    'For how long the external database has failed that has failed for longest; 0 when none does.',
  ),
  parked: installation('hexclave_rows_parked', 'Rows that external databases refuse at present.'),
  differing: installation(
    'hexclave_rows_differing',
    'Rows that a verification found different and could not put right.',
  ),
  repaired: installation(
    'hexclave_rows_repaired',
    'Rows that verifications have put right since the copies were made.',
  ),
  verificationAgeSeconds: installation(
    'hexclave_verification_oldest_age_seconds',
    'The age of the oldest verification that went over a whole external database; of one that was never verified, its own age. Left out are those that are paused or fail.',
  ),
  lockHeldSeconds: installation(
    'hexclave_sequencer_lock_held_seconds',
    'For how long the present holder has had the sequencer’s lock; 0 when nobody has it.',
  ),
  sequencerIdleSeconds: installation(
    'hexclave_sequencer_last_run_age_seconds',
    'Time since a sequencer last ran, in any process.',
  ),
  pollerIdleSeconds: installation(
    'hexclave_poller_last_run_age_seconds',
    'Time since a poller last ran, in any process.',
  ),
  servers: installation('hexclave_servers', 'Processes that drive the pipeline, seen within the last half minute.'),
  tombstones: installation('hexclave_tombstones', 'Keys kept of deleted rows, by the statistics of the database.'),
} as const satisfies Record<string, MetricDeclaration>;

/** Made by prom-client for every process; named here for the reference. */
export const PROCESS_METRICS: readonly { readonly name: string; readonly help: string }[] = [
  { name: 'process_cpu_seconds_total', help: 'CPU time of the process.' },
  { name: 'process_resident_memory_bytes', help: 'Memory of the process.' },
  { name: 'process_start_time_seconds', help: 'When the process was started.' },
  { name: 'process_open_fds', help: 'Open files and sockets.' },
  { name: 'nodejs_eventloop_lag_p99_seconds', help: 'How late the event loop was, 99th percentile.' },
  { name: 'nodejs_eventloop_lag_max_seconds', help: 'How late it was at the worst.' },
  { name: 'nodejs_heap_size_used_bytes', help: 'JavaScript’s heap in use.' },
  { name: 'nodejs_gc_duration_seconds', help: 'Garbage collections, as a histogram by kind.' },
];
