import type { Call, RequestOf, StepOf, StepOptions } from '../call.ts';
import type { Settings } from '../options.ts';
import { everyItem } from '../pages.ts';
import type { CallOptions } from '../transport.ts';
import { type WatchQuery, watchStatus } from '../watch-status.ts';

type Body<Name extends Parameters<Call>[0]> = RequestOf<Name> extends { body: infer B } ? B : never;
type Query<Name extends Parameters<Call>[0]> = RequestOf<Name> extends { query?: infer Q } ? NonNullable<Q> : never;

/** External DB Sync: how fresh the copies are, and what can be done about it. */
export function dbSyncOf(call: Call, settings: Settings) {
  return {
    status: (query: Query<'getSyncStatus'> = {}, options?: CallOptions) => call('getSyncStatus', { query }, options),
    /** Rates, backlogs and delays of the last hour. */
    history: (query: Query<'getSyncStatusHistory'> = {}, options?: CallOptions) =>
      call('getSyncStatusHistory', { query }, options),
    /** The status live, until the loop is left or `signal` aborts: `for await (const message of client.dbSync.watch())`. */
    watch: (query: WatchQuery = {}, options: CallOptions = {}) => watchStatus(settings, query, options),
    /** The tables that can be copied, with their columns. */
    mappings: async (options?: CallOptions) => (await call('listMappings', {}, options)).items,
    /** Syncs all external databases now. */
    enqueue: (options?: CallOptions) => call('enqueueExternalDbSync', {}, options),
    /** Copies anew, without emptying. */
    resync: (request: Body<'resyncExternalDatabase'>, options?: CallOptions) =>
      call('resyncExternalDatabase', { body: request }, options),
    ...verificationOf(call),
    ...controlsOf(call),
    ...profilesOf(call),
    fusebox: fuseboxOf(call),
    auditLog: (query: Query<'listAuditEvents'> = {}, options?: CallOptions) =>
      everyItem((page: Query<'listAuditEvents'>) => call('listAuditEvents', { query: page }, options), query),
  };
}

function verificationOf(call: Call) {
  return {
    /** Begins to compare a copy with its source; `verification` says how far it is. */
    verify: (request: Body<'startVerification'>, options?: CallOptions) =>
      call('startVerification', { body: request }, options),
    verifications: (options?: CallOptions) => call('listVerifications', {}, options),
    verification: (id: string, options?: CallOptions) =>
      call('getVerification', { params: { verification_id: id } }, options),
  };
}

function controlsOf(call: Call) {
  return {
    pauses: async (query: Query<'listPauses'> = {}, options?: CallOptions) =>
      (await call('listPauses', { query }, options)).items,
    pause: (request: Body<'pauseSync'>, query: Query<'pauseSync'> = {}, options?: CallOptions) =>
      call('pauseSync', { body: request, query }, options),
    resume: (request: Body<'resumeSync'>, query: Query<'resumeSync'> = {}, options?: CallOptions) =>
      call('resumeSync', { body: request, query }, options),
    /** What waits for its next attempt is due at once. */
    retry: (request: Body<'retrySync'>, query: Query<'retrySync'> = {}, options?: CallOptions) =>
      call('retrySync', { body: request, query }, options),
    /** Step by step, before or after it is saved. `onStep` is told each step while the test goes on. */
    testConnection: (
      request: Body<'testConnection'>,
      query: Query<'testConnection'> = {},
      options?: StepOptions<StepOf<'testConnection'>>,
    ) => call('testConnection', { body: request, query }, options),
    /** The SQL of a role that may do no more than is needed. */
    roleSql: (query: Query<'getRoleSql'>, options?: CallOptions) => call('getRoleSql', { query }, options),
  };
}

function profilesOf(call: Call) {
  return {
    /**
     * What the statements of a copy cost, measured on real rows and rolled back. Takes some seconds: `onStep` is told each
     * statement as soon as it is measured.
     */
    profile: (
      request: Body<'profileExternalDatabase'>,
      query: Query<'profileExternalDatabase'> = {},
      options?: StepOptions<StepOf<'profileExternalDatabase'>>,
    ) => call('profileExternalDatabase', { body: request, query }, options),
    /** The profiles before, the oldest first. */
    profiles: async (query: RequestOf<'listProfiles'>['query'], options?: CallOptions) =>
      (await call('listProfiles', { query }, options)).items,
  };
}

/** The switches of the pipeline: with the key of the project `internal`. */
function fuseboxOf(call: Call) {
  return {
    get: (options?: CallOptions) => call('getFusebox', {}, options),
    update: (changes: Body<'updateFusebox'>, options?: CallOptions) =>
      call('updateFusebox', { body: changes }, options),
  };
}
