import type { Database } from '@hexclave/db';
import type { Authentication } from './authentication.ts';
import { createLookout } from './lookout.ts';
import { INTERNAL_PROJECT_ID } from './projects.ts';
import type { EndableFollower, Follower } from './status-follower.ts';

/** Streams outlive the request that was allowed: those whose key is revoked or expires meanwhile are ended. */
export type StreamAccess = {
  /** The same stream, until the key is no longer good. */
  whileAllowed(authentication: Authentication, follower: EndableFollower): Follower;
};

type Key = { readonly projectId: string; readonly keySetId: string };

/** How often all keys with open streams are looked at, in one statement. In ms. */
const LOOK_EVERY_MS = 2_000;

export function createStreamAccess(database: Database, onError: (error: unknown) => void): StreamAccess {
  const open = new Map<EndableFollower, Key>();

  const look = async () => {
    const keys = [...open.values()];
    const isGood = await readKeys(database, keys);
    for (const [follower, key] of open) {
      // A stream that has begun meanwhile has just been allowed.
      if (!keys.includes(key)) continue;
      const good = isGood.get(key.keySetId);
      if (good === undefined) follower.end('project_deleted');
      else if (!good) follower.end('no_longer_allowed');
    }
  };
  const lookout = createLookout({ everyMs: LOOK_EVERY_MS, isNeeded: () => open.size > 0, look, onError });

  return {
    whileAllowed: (authentication, follower) => {
      open.set(follower, keyOf(authentication));
      lookout.begin();
      return {
        next: async () => {
          const event = await follower.next();
          if (event === null) open.delete(follower);
          return event;
        },
        close: () => {
          open.delete(follower);
          follower.close();
        },
      };
    },
  };
}

/** Operators ask on behalf of other projects, with a key of their own. */
function keyOf({ actor, projectId, keySetId }: Authentication): Key {
  return { projectId: actor.kind === 'operator' ? INTERNAL_PROJECT_ID : projectId, keySetId };
}

/** By the clock that all servers share. Keys whose project is gone are left out. */
const READ_KEYS = `
  SELECT asked."id", COALESCE(k."expiresAt" > now() AND k."manuallyRevokedAt" IS NULL, false) AS "good"
  FROM unnest($1::text[], $2::uuid[]) AS asked ("projectId", "id")
  JOIN "Project" p ON p."id" = asked."projectId"
  LEFT JOIN "ApiKeySet" k ON k."projectId" = asked."projectId" AND k."id" = asked."id"`;

async function readKeys(database: Database, keys: readonly Key[]): Promise<Map<string, boolean>> {
  const parameters = [keys.map(({ projectId }) => projectId), keys.map(({ keySetId }) => keySetId)];
  const rows = await database.query<{ id: string; good: boolean }>(READ_KEYS, parameters);
  return new Map(rows.map(({ id, good }) => [id, good]));
}
