import type { ProfileSkipReason } from '@hexclave/config';
import type { Lacking, Measures } from './measures.ts';

/** One step of a plan: names of database objects and counts, never a condition or a value. */
export type PlanNode = {
  readonly node: string;
  readonly relation: string | null;
  readonly index: string | null;
  /** Of all loops together. */
  readonly rows: number;
  /** What the planner expected of one loop. */
  readonly expectedRows: number;
  readonly loops: number;
  /** Rows that were read and thrown away by a condition, of all loops together. */
  readonly removedRows: number;
  readonly children: readonly PlanNode[];
};

/** A trigger that fired. */
export type FiredTrigger = { readonly name: string; readonly calls: number; readonly timeMs: number };

/** What a source has written about one run of a statement. */
export type LogEntry = {
  readonly queryId: string;
  /** A log may have several entries for one query, e.g. of its beginning; exactly one must be `finished`. */
  readonly state: 'started' | 'finished' | 'failed';
  readonly measures: Readonly<Record<string, { readonly value: number; readonly unit: string }>>;
  readonly lacking: Lacking;
  /** `null`: this source tells no plans. */
  readonly plan: PlanNode | null;
  readonly triggers: readonly FiredTrigger[];
};

/** An entry whose every part was checked. */
export type Measurement = Pick<LogEntry, 'plan' | 'triggers' | 'lacking'> & { readonly measures: Measures };

/**
 * A statement that can be run to be measured, and where its costs are written down. One that answers at once, as EXPLAIN
 * does, and one whose log is written later, as ClickHouse's `system.query_log` is, look the same from here.
 *
 * Guarantees asked of every implementation: what `execute` does is undone before it returns, also when it fails; it waits
 * for nobody's locks and ends within its own time-out, or soon after `signal` aborts, its statement cancelled; `lookUp` only
 * reads, and may be called as often as one likes.
 */
export type ProfileSource = {
  /** Runs the statement once under that id. Throws what it fails with. */
  execute(queryId: string, signal: AbortSignal): Promise<void>;
  /** What is written about the query by now: {@link LogEntry}s, if all is well. Late, double or broken is normal. */
  lookUp(queryId: string): Promise<unknown>;
};

/** An index that a statement needs. */
export type ExpectedIndex = {
  readonly name: string;
  readonly table: string;
  /** The table as SQL names it, whatever the search path of whoever runs that. */
  readonly sqlTable: string;
  /** The SQL that makes it, or makes it valid. */
  readonly definition: string;
  /** Found in the database, and valid. */
  readonly exists: boolean;
  /** There, but left half-built: another one could not be given its name. */
  readonly isInvalid?: boolean;
};

/** A statement that is ready to be measured, or why it is not to be run. */
export type Probe =
  | {
      readonly kind: 'ready';
      readonly source: ProfileSource;
      readonly indexes: readonly ExpectedIndex[];
      readonly server: string;
    }
  | { readonly kind: 'skipped'; readonly reason: ProfileSkipReason; readonly message: string };
