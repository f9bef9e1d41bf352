import type { Engine } from '../../engine/engine.ts';
import type { Deliver } from '../request.ts';
import { syncMessageOf } from '../sync-message.ts';

/** How long one run may take before others get their turn. */
export const RUN_MS = 20_000;

/** Delivers syncs to an engine in this process. */
export function inProcessDelivery(engine: Engine): Deliver {
  return async (request, signal) => {
    const { tenancyId, externalDatabaseId } = syncMessageOf(request);
    const { finished } = await engine.sync({ tenancyId, externalDatabaseId, maxDurationMs: RUN_MS, signal });
    return { kind: finished ? 'delivered' : 'again' };
  };
}
