import { setTimeout as delay } from 'node:timers/promises';
import type { StatementFault } from '@hexclave/testing/fault-proxy';
import type { Target } from '../stage/target.ts';
import { chosen, type Expectation, type FaultKind, type PlannedFault } from './fault.ts';
import { nudge } from './nudge.ts';

/** How long after a fault has begun something is written that meets it. */
const NUDGE_MS = 20;
/** How much longer a fault waits for its statement than the plan says: it is over as soon as it has struck. */
const STRIKE_MS = 1_500;

const uses = ({ choice }: PlannedFault) => [`target ${choice % 4}`];

/** The failure that a broken link must be shown as. */
function unreachable(kind: string, target: Target, since: number): Expectation {
  return {
    kind,
    tenancyId: target.tenancyId,
    externalDatabaseId: target.id,
    codes: ['TARGET_UNREACHABLE', 'TARGET_TLS_FAILED', 'TARGET_TIMEOUT'],
    since,
  };
}

/** Something that a proxy does for a while. `struck` counts from its counters. */
function linkFault(
  name: string,
  begin: (target: Target, fault: PlannedFault) => void,
  counter: 'refused' | 'cut' | 'delayed' | 'swallowed',
): FaultKind {
  return {
    name,
    uses,
    strike: async (stage, fault) => {
      const target = chosen(stage.targets, fault.choice);
      const before = target.proxy.counts[counter];
      begin(target, fault);
      try {
        await nudge(stage, target, fault.choice);
        await delay(fault.holdMs);
      } finally {
        target.proxy.calm();
      }
      return { struck: target.proxy.counts[counter] - before };
    },
  };
}

const down: FaultKind = {
  name: 'target down',
  uses,
  strike: async (stage, { choice, holdMs }) => {
    const target = chosen(stage.targets, choice);
    const before = target.proxy.counts.refused;
    const since = Date.now();
    target.proxy.refuse(true);
    await nudge(stage, target, choice);
    await delay(holdMs);
    target.proxy.calm();
    const struck = target.proxy.counts.refused - before;
    return struck > 0 ? { struck, expects: unreachable('target down', target, since) } : { struck };
  },
};

const slow = linkFault('slow link', ({ proxy }, { choice }) => proxy.delay(50 + (choice % 5) * 100), 'delayed');
const reset = linkFault('connections reset', ({ proxy }) => proxy.cut(), 'cut');

/** Breaks a connection at a chosen statement, the next time that it passes by. */
function atStatement(name: string, text: string, how: StatementFault): FaultKind {
  return {
    name,
    uses,
    strike: async (stage, { choice, holdMs }) => {
      const target = chosen(stage.targets, choice);
      const since = Date.now();
      const given = new AbortController();
      const nudged = delay(NUDGE_MS).then(() => nudge(stage, target, choice));
      const struck = await Promise.race([
        target.proxy.strike(text, how).then(() => true),
        delay(holdMs + STRIKE_MS, false, { signal: given.signal }).catch(() => false),
      ]);
      given.abort();
      await nudged;
      // Silence goes on for a while, and what was swallowed stays lost.
      if (struck && how === 'swallow') await delay(holdMs);
      target.proxy.calm();
      return struck ? { struck: 1, expects: unreachable(name, target, since) } : { struck: 0 };
    },
  };
}

/** In one message with the COMMIT; comparisons of a copy with its source, which commit as well, have none. */
const MOVE = '_hexclave_sync_metadata" SET epoch';

const cutBefore = atStatement('cut before a batch', 'the position has moved', 'cut-before');
const cutWithin = atStatement('cut mid-batch', 'the position has moved', 'cut-within');
const lostReply = atStatement('reply lost after commit', MOVE, 'drop-reply');

const silence = atStatement('half-open silence', 'the position has moved', 'swallow');

export const LINK_FAULTS: readonly FaultKind[] = [down, slow, reset, silence, cutBefore, cutWithin, lostReply];
