import type { Database } from '@hexclave/db';
import type { LimitFunction } from 'p-limit';
import type { ApplyResult, DestinationConnection, Position } from '../destination.ts';
import { type BatchSize, firstBatchSize } from './batch-size.ts';
import type { Route } from './external-database.ts';
import type { Prefetch } from './prefetch.ts';

/** One mapping in the course of one run. `position` is where the target is, as far as we know. */
export type MappingRun = {
  readonly route: Route;
  /** Always of the epoch in whose time it was found to belong to our history. */
  position: Position;
  size: BatchSize;
  rowsApplied: number;
  parked: number;
  /** Something was applied or moved, so the mirror of the state is out of date. */
  moved: boolean;
};

/** What every step of a run has at hand. */
export type RunContext = {
  readonly db: Database;
  readonly tenancyId: string;
  readonly prefetch: Prefetch;
  /** Lets only so many reads in bulk run at once. */
  readonly bulk: LimitFunction;
  readonly connection: DestinationConnection;
  /** Parked rows are looked for even where none are known: another process may have parked them. */
  readonly lookForParked: boolean;
  /** False once the run must stop: the fuse is off, the configuration has changed, or its time is up. */
  mayContinue(): Promise<boolean>;
};

export function mappingRun(route: Route, position: Position, parked: number): MappingRun {
  return { route, position, size: firstBatchSize, rowsApplied: 0, parked, moved: false };
}

/**
 * Another process may have moved the target on since this one was there last. Where that was written down it is believed, of
 * a position that was kept: if it is not so, the next batch is fenced, and the target is asked.
 */
export function followOthers(run: MappingRun, cursor: bigint | undefined): void {
  if (cursor === undefined || run.position.copy !== null || cursor <= run.position.cursor) return;
  run.position = { ...run.position, cursor };
}

/** Notes what a batch did. Returns false when it was fenced: then the position must be read again. */
export function noteApplied(run: MappingRun, result: ApplyResult, to: Position): boolean {
  if (result.kind === 'fenced') return false;
  run.position = to;
  run.rowsApplied += result.rows;
  run.parked += result.parked;
  run.moved = true;
  return true;
}
