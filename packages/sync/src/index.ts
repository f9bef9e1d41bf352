export { compileCapture } from './compile/capture.ts';
export type { CaptureMigration } from './compile/capture-migration.ts';
export { renderCaptureMigration } from './compile/capture-migration.ts';
export type { ChangeKind, DeltaRow, FetchSql, KeyRange, SequenceRange } from './compile/fetch.ts';
export { compareKey, compileFetch } from './compile/fetch.ts';
export { SEQUENCER_LOCK_KEY } from './compile/sequencing.ts';
export type { DeleteMode, TargetColumn, TargetTable, TargetTableOptions } from './compile/target-table.ts';
export { compileTargetTable, DELETED_AT } from './compile/target-table.ts';
export type { Catalog } from './declare/catalog.ts';
export { catalog, findMapping } from './declare/catalog.ts';
export type { DeclaredMapping, Lookup, MappedColumn, Mapping } from './declare/mapping.ts';
export { mapping } from './declare/mapping.ts';
export type { SqlType, TrackedTable } from './declare/tracked-table.ts';
export { trackedTable } from './declare/tracked-table.ts';
export type * from './destination.ts';
export type { DestinationErrorCode, DestinationErrorFacts, ErrorScope } from './destination-error.ts';
export { DESTINATION_ERRORS, DestinationError } from './destination-error.ts';
export { SourceError } from './engine/bulk.ts';
export type { Connect } from './engine/connections.ts';
export type { Engine, EngineOptions, SyncOutcome, SyncRequest } from './engine/engine.ts';
export { createEngine } from './engine/engine.ts';
export type { ExternalDatabase, TableChoice } from './engine/external-database.ts';
export { judgePosition } from './engine/position.ts';
export { runListener } from './listener.ts';
export { hexclaveCatalog } from './mappings/index.ts';
export {
  claimRequests,
  completeRequest,
  enqueueRequest,
  enqueueSync,
  failRequest,
  LEASE_MS,
  releaseRequest,
} from './outgoing-requests/queue.ts';
export type { ClaimedRequest, Deliver, DeliveryResult, NewRequest } from './outgoing-requests/request.ts';
export type { Pipeline, PipelineOptions, PipelinePart } from './pipeline.ts';
export { startPipeline } from './pipeline.ts';
export type { PollerOptions } from './poller/poller.ts';
export { DELIVERY_TIMEOUT_MS, pollOnce, runPoller } from './poller/poller.ts';
export { pruneTombstones } from './retention/tombstones.ts';
export { numberAll, runSequencer } from './sequencer/sequencer.ts';
export type { Waker } from './waker.ts';
export { createWaker } from './waker.ts';
