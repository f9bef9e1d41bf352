import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '@hexclave/testing/random';
import { patiently } from '../stage/patience.ts';
import { chosen, type FaultKind } from './fault.ts';

const COPIES = 5;

/** Every tenancy's request, five times, on any worker, in any order. */
const duplicates: FaultKind = {
  name: 'requests duplicated and shuffled',
  uses: () => [],
  strike: async ({ workers, tenancies }, { choice, holdMs }) => {
    const random = seededRandom(choice);
    const deliveries = tenancies.flatMap((tenancyId) =>
      Array.from({ length: COPIES }, async () => {
        await delay(random.int(holdMs));
        // A worker that is killed, or whose clock is an hour off, takes no request.
        const answer = await chosen(workers, random.int(1_000))
          .call('sync', tenancyId, null)
          .catch(() => null);
        return answer?.status === 200;
      }),
    );
    const delivered = await Promise.all(deliveries);
    return { struck: delivered.filter(Boolean).length };
  },
};

/** A claim that is taken over while its delivery goes on. */
const endedLeases: FaultKind = {
  name: 'leases ended early',
  uses: () => [],
  strike: async ({ internal }, { holdMs }) => {
    const until = performance.now() + holdMs;
    let struck = 0;
    while (performance.now() < until) {
      const rows = await patiently(() =>
        internal.query(
          `UPDATE "OutgoingRequest" SET "leaseExpiresAt" = now() WHERE "startedFulfillingAt" IS NOT NULL RETURNING 1`,
        ),
      );
      struck += rows.length;
      await delay(20);
    }
    return { struck };
  },
};

export const REQUEST_FAULTS: readonly FaultKind[] = [duplicates, endedLeases];
