import { type AuditQuery, KnownError } from '@hexclave/contract';
import { hexclaveCatalog } from '@hexclave/sync';
import { listAuditEvents } from '../services/audit.ts';
import type { Authentication } from '../services/authentication.ts';
import { getRoleSql, testConnection } from '../services/connection-test.ts';
import { readFusebox, updateFusebox } from '../services/fusebox.ts';
import { listMappings } from '../services/mapping-catalogue.ts';
import { listPauses, pauseSync, resumeSync } from '../services/pauses.ts';
import { listProfiles, profile } from '../services/profile.ts';
import { INTERNAL_PROJECT_ID } from '../services/projects.ts';
import { isOperator, targetOf } from '../services/target-project.ts';
import * as verification from '../services/verification.ts';
import { enqueueNow } from '../sync/enqueue.ts';
import type { Handlers } from './handlers.ts';

type ControlRoutes =
  | 'enqueueExternalDbSync'
  | 'listMappings'
  | 'startVerification'
  | 'listVerifications'
  | 'getVerification'
  | 'resyncExternalDatabase'
  | 'getFusebox'
  | 'updateFusebox'
  | 'listPauses'
  | 'pauseSync'
  | 'resumeSync'
  | 'retrySync'
  | 'testConnection'
  | 'getRoleSql'
  | 'profileExternalDatabase'
  | 'listProfiles'
  | 'listAuditEvents';

/** What stops, starts, repeats and checks the pipeline, for a project’s admin and for the operator. */
export const controlHandlers: Pick<Handlers, ControlRoutes> = {
  listMappings: async () => listMappings(hexclaveCatalog),
  enqueueExternalDbSync: async ({ database }, authentication, { query }) => {
    const target = await targetOf(database, authentication, query.project_id);
    return { queued: await enqueueNow(database, target, authentication) };
  },
  startVerification: async (services, authentication, { query, body }) => {
    const target = await targetOf(services.database, authentication, query.project_id);
    return verification.startVerification(services, authentication, target, body);
  },
  listVerifications: async ({ database }, authentication, { query }) => {
    const { tenancyId } = await targetOf(database, authentication, query.project_id);
    return verification.listVerifications(database, tenancyId);
  },
  getVerification: async ({ database }, authentication, { query, params }) => {
    const { tenancyId } = await targetOf(database, authentication, query.project_id);
    return verification.getVerification(database, tenancyId, params.verification_id);
  },
  resyncExternalDatabase: async (services, authentication, { query, body }) => {
    const target = await targetOf(services.database, authentication, query.project_id);
    return { mappings: await verification.resync(services, authentication, target, body) };
  },

  getFusebox: ({ database }) => readFusebox(database),
  updateFusebox: ({ database }, authentication, { body }) => updateFusebox(database, authentication, body),

  listPauses: async ({ database }, authentication, { query }) => {
    if (query.scope === 'tenancy') {
      return listPauses(database, authentication, await targetOf(database, authentication, query.project_id));
    }
    if (!isOperator(authentication)) throw new KnownError('EXPECTED_INTERNAL_PROJECT', {});
    return listPauses(database, authentication, null);
  },
  pauseSync: async (services, authentication, { query, body }) =>
    pauseSync(services, authentication, await targetOf(services.database, authentication, query.project_id), body),
  resumeSync: async (services, authentication, { query, body }) =>
    resumeSync(services, authentication, await targetOf(services.database, authentication, query.project_id), body),
  retrySync: async (services, authentication, { query, body }) => {
    const target = await targetOf(services.database, authentication, query.project_id);
    return { retried: await verification.retry(services, authentication, target, body) };
  },

  testConnection: async (services, authentication, { query, body }, work) => {
    const target = await targetOf(services.database, authentication, query.project_id);
    return testConnection(services, authentication, target, body, work);
  },
  getRoleSql: async (services, _authentication, { query }) => getRoleSql(services, query),

  profileExternalDatabase: async (services, authentication, { query, body }, work) => {
    const target = await targetOf(services.database, authentication, query.project_id);
    return profile(services, authentication, target, body, work);
  },
  listProfiles: async (services, authentication, { query }) =>
    listProfiles(services, await targetOf(services.database, authentication, query.project_id), query),

  listAuditEvents: async ({ database }, authentication, { query }) =>
    listAuditEvents(database, auditedProject(authentication, query), isOperator(authentication), query),
};

/** The project whose events are asked for; one that is deleted still has some. `undefined`: all, for operators. */
function auditedProject(authentication: Authentication, { project_id: named }: AuditQuery): string | undefined {
  const own = authentication.projectId;
  if (isOperator(authentication)) return named ?? (own === INTERNAL_PROJECT_ID ? undefined : own);
  if (named !== undefined && named !== own) throw new KnownError('PROJECT_NOT_FOUND', { project_id: named });
  return own;
}
