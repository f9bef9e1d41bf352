/**
 * Where a sequencer is in its work. A value: the loop performs what {@link afterPass} decides.
 *
 * Usually each pass asks to be woken: the first write after it does so with its commit, which is fastest, and takes the
 * question back, so that others' commits need not queue for messages. When there is much to do it does not ask, and comes
 * by at a steady pace instead.
 */
export type SequencerState = {
  readonly batchSize: number;
  /** The next pass begins with the tenancies after this one; `null`: with the first. */
  readonly startAfter: string | null;
  /** Something was numbered since the first tenancy's turn. A round without that finds only rows that others have locked. */
  readonly foundInRound: boolean;
  /** Passes ask the next writer to wake us. */
  readonly askWake: boolean;
  /** Passes in a row that found nothing. */
  readonly idlePasses: number;
  /** Passes that found something since `windowStart`, in ms. */
  readonly workPasses: number;
  readonly windowStart: number;
};

/** What one pass of `backfill_null_sequence_ids` says of its work. */
export type PassResult = { readonly numbered: bigint; readonly lastTenancy: string | null; readonly more: boolean };

/** `sleepMs` 0: go on at once; a wake ends a sleep early. */
export type Decision = { readonly state: SequencerState; readonly sleepMs: number };

const LEAST_BATCH = 1_000;
const MOST_BATCH = 4_000;

const WINDOW_MS = 100;
/** So many passes with work within a window are too many wakes. */
const BUSY_PASSES = 10;
/** Busy: lets a few commits gather, for the sake of writers that share the machine. */
const PACE_MS = 20;
/** Busy with nothing to do for this many passes: not busy any more. */
const PASSES_BEFORE_SLEEP = 4;

/**
 * Pauses between passes that ask to be woken. The first ones find what was committed by transactions that wrote when
 * another had answered already; the last one repeats, for long transactions of that kind, for an answer that was rolled
 * back, and for messages that were lost.
 */
const ASLEEP_PAUSES_MS = [20, 150] as const;
const SLOWEST_POLL_MS = 1_000;

export const initialState: SequencerState = {
  batchSize: LEAST_BATCH,
  startAfter: null,
  foundInRound: false,
  askWake: true,
  idlePasses: 0,
  workPasses: 0,
  windowStart: 0,
};

/** Decides what comes after a pass that ended at `now`, in ms. */
export function afterPass(state: SequencerState, pass: PassResult, now: number): Decision {
  const counted = countWork(state, pass, now);
  if (pass.more && (counted.foundInRound || pass.lastTenancy !== null)) {
    // Larger batches only while there is a long backlog: they delay everybody else.
    const batchSize = Math.min(MOST_BATCH, state.batchSize * 2);
    const foundInRound = counted.foundInRound && pass.lastTenancy !== null;
    return decide({ ...counted, batchSize, foundInRound, startAfter: pass.lastTenancy }, 0);
  }
  const nextRound = { ...counted, startAfter: null, foundInRound: false };
  if (state.startAfter !== null && counted.foundInRound) return decide(nextRound, 0);
  return rest({ ...nextRound, batchSize: LEAST_BATCH });
}

/** After a wake: the pauses begin anew. */
export function afterWake(state: SequencerState): SequencerState {
  return { ...state, idlePasses: 0 };
}

function countWork(state: SequencerState, pass: PassResult, now: number): SequencerState {
  if (pass.numbered === 0n) return { ...state, idlePasses: state.idlePasses + 1 };
  const inWindow = now - state.windowStart <= WINDOW_MS;
  return {
    ...state,
    foundInRound: true,
    idlePasses: 0,
    workPasses: inWindow ? state.workPasses + 1 : 1,
    windowStart: inWindow ? state.windowStart : now,
  };
}

function rest(state: SequencerState): Decision {
  if (!state.askWake) {
    if (state.idlePasses < PASSES_BEFORE_SLEEP) return decide(state, PACE_MS);
    return decide({ ...state, askWake: true, idlePasses: 0, workPasses: 0 }, 0);
  }
  if (state.workPasses >= BUSY_PASSES) return decide({ ...state, askWake: false }, PACE_MS);
  return decide(state, ASLEEP_PAUSES_MS[state.idlePasses] ?? SLOWEST_POLL_MS);
}

function decide(state: SequencerState, sleepMs: number): Decision {
  return { state, sleepMs };
}
