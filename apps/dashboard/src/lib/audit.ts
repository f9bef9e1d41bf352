import type { AuditAction, AuditEvent } from '@hexclave/contract';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useActingOn } from './acting-on.ts';

const EVENTS_PER_PAGE = 100;

/** What was done, in words. Each action has some: a new one does not compile without. */
export const ACTION_WORDS: Record<AuditAction, string> = {
  'fusebox.change': 'Fusebox flipped',
  'project.create': 'Project created',
  'project.update': 'Project changed',
  'project.delete': 'Project deleted',
  'project.pause': 'Project paused',
  'project.resume': 'Project resumed',
  'api_key.create': 'API keys created',
  'api_key.update': 'API keys renamed',
  'api_key.revoke': 'API keys revoked',
  'external_database.add': 'Database added',
  'external_database.change': 'Database changed',
  'external_database.remove': 'Database removed',
  'external_database.pause': 'Database paused',
  'external_database.resume': 'Database resumed',
  'external_database.test_connection': 'Connection tested',
  'sync.enqueue': 'Sync asked for',
  'sync.retry': 'Retry asked for',
  'sync.resync': 'New copy asked for',
  'sync.verify': 'Verification asked for',
  'sync.repair': 'Repair asked for',
  'sync.profile': 'Statements profiled',
  'session.sign_in': 'Sign-in',
  'session.sign_out': 'Sign-out',
};

export const AUDIT_ACTIONS = Object.keys(ACTION_WORDS) as AuditAction[];

/** The newest first, page after page as one asks for them. Without a project: of all. */
export function useAuditLog(projectId: string | undefined, action: AuditAction | undefined) {
  const acting = useActingOn(projectId ?? 'internal');
  const scope = projectId === undefined ? {} : acting.query;
  const log = useInfiniteQuery({
    queryKey: ['audit-log', projectId, action],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      acting.client.call(
        'listAuditEvents',
        {
          query: {
            ...scope,
            limit: EVENTS_PER_PAGE,
            ...(action && { action }),
            ...(pageParam && { cursor: pageParam }),
          },
        },
        { signal },
      ),
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
  });
  const events: AuditEvent[] = log.data?.pages.flatMap(({ items }) => items) ?? [];
  return { ...log, events };
}
