import type { Position } from '../destination.ts';

/** The history of the numbering, oldest first: an epoch ends where the next one starts. */
export type Epoch = {
  readonly id: string;
  readonly startsAfter: bigint;
  /** How much of the write-ahead log of before the database had when the epoch began; `null`: not known. */
  readonly keptThrough: bigint | null;
};

/** What is known of the source when a position is judged. */
export type SourceHistory = {
  readonly epochs: readonly Epoch[];
  /** The highest sequence id handed out so far. */
  readonly lastNumber: bigint;
  /** How far the write-ahead log had come when this was read. */
  readonly lsn: bigint;
  /** Tombstones up to this id are gone. */
  readonly tombstonesPrunedThrough: bigint;
};

export type Verdict = 'continue' | 'copy-anew';

/**
 * Decides whether streaming can go on from a position, or whether the target has seen a history that is not ours (either
 * side was restored from a backup, or the cursor was edited) or that has been forgotten.
 */
export function judgePosition(position: Position | null, history: SourceHistory): Verdict {
  if (position === null) return 'copy-anew';
  const index = history.epochs.findIndex((epoch) => epoch.id === position.epoch);
  if (index === -1) return 'copy-anew';
  const end = history.epochs[index + 1]?.startsAfter ?? history.lastNumber;
  if (position.cursor < 0n || position.cursor > end) return 'copy-anew';
  if (!isKept(position, history.epochs.slice(index + 1))) return 'copy-anew';
  // While copying nothing has been missed yet: tombstones are needed from the id on at which the copy began.
  return position.cursor < history.tombstonesPrunedThrough ? 'copy-anew' : 'continue';
}

/** Whether the source still has every change that the target may have seen. */
function isKept({ sourceLsn }: Position, later: readonly Epoch[]): boolean {
  if (sourceLsn === null) return true;
  return later.every(({ keptThrough }) => keptThrough !== null && sourceLsn <= keptThrough);
}
