import {
  KnownError,
  type RouteInput,
  type RouteReply,
  type routes,
  type StatusHistory,
  type streamRoutes,
} from '@hexclave/contract';
import type { Database } from '@hexclave/db';
import type { Authentication } from './authentication.ts';
import type { Follower } from './status-follower.ts';
import type { StatusService } from './status-service.ts';
import { isOperator, targetOf } from './target-project.ts';

type Services = { readonly database: Database; readonly status: StatusService };
type Query<R> = RouteInput<R>['query'];

/** How fresh every copy of a project is, or a page of all projects. */
export async function readStatus(
  { database, status }: Services,
  authentication: Authentication,
  query: Query<typeof routes.getSyncStatus>,
): Promise<RouteReply<typeof routes.getSyncStatus>> {
  if (query.scope === 'all') {
    assertOperator(authentication);
    return status.reader.page(query);
  }
  const target = await targetOf(database, authentication, query.project_id);
  const found = (await status.reader.projects([target.tenancyId])).get(target.tenancyId);
  // Deleted at this very moment.
  if (found === undefined) throw new KnownError('PROJECT_NOT_FOUND', { project_id: target.projectId });
  return found;
}

/** Rates, backlogs and delays of the last hour. */
export async function readHistory(
  { database, status }: Services,
  authentication: Authentication,
  query: Query<typeof routes.getSyncStatusHistory>,
): Promise<StatusHistory> {
  if (query.scope === 'all') {
    assertOperator(authentication);
    return status.reader.wholeHistory();
  }
  const { tenancyId } = await targetOf(database, authentication, query.project_id);
  return status.reader.projectHistory(tenancyId, query.external_database_id);
}

/** The status as it goes on, for as long as the key is good. */
export async function followStatus(
  { database, status }: Services,
  authentication: Authentication,
  query: Query<typeof streamRoutes.streamSyncStatus>,
  lastEventId: string | undefined,
): Promise<Follower> {
  const after = lastEventId ?? query.last_event_id;
  if (query.scope === 'all') {
    assertOperator(authentication);
    return status.access.whileAllowed(authentication, status.hub.follow(null, after));
  }
  const { tenancyId } = await targetOf(database, authentication, query.project_id);
  return status.access.whileAllowed(authentication, status.hub.follow(tenancyId, after));
}

function assertOperator(authentication: Authentication): void {
  if (!isOperator(authentication)) throw new KnownError('EXPECTED_INTERNAL_PROJECT', {});
}
