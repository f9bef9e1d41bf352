import type { Readable } from 'node:stream';
import type { KeyRange } from './compile/fetch.ts';
import type { TargetTable } from './compile/target-table.ts';
import type { ConnectionTestResult, ConnectionTestWatch, RoleNames, RoleSql, TestedPlace } from './connection-test.ts';
import type { Probe } from './profile/source.ts';

/**
 * How far one mapping has come in one target. Kept in the target, in the transaction that applied the rows, and
 * compared there before the next ones: two positions that are equal stand for the same content.
 */
export type Position = {
  /** The epoch of the numbering in which `cursor` was handed out. */
  readonly epoch: string;
  /** All changes up to this sequence id are in the target; while copying, the id from which streaming will go on. */
  readonly cursor: bigint;
  /** `null` when streaming. */
  readonly copy: CopyProgress | null;
  /**
   * How far the source's write-ahead log had come, in bytes, when the newest of the rows were read: a row may be newer than
   * its number tells. `null`: not known. No part of what positions are compared by.
   */
  readonly sourceLsn: bigint | null;
};

/** A copy of a whole mapping, in key order. */
export type CopyProgress = {
  /** The last key copied; `null` before the first. */
  readonly after: readonly string[] | null;
  /** The target was empty when the copy began, and only we write to it: no row can be in the way. */
  readonly fresh: boolean;
};

/** One row of a page: the text of each target column, in the table's order. */
export type PageRow = readonly (string | null)[];

/** A batch small enough for memory. */
export type Page = {
  readonly upserts: readonly PageRow[];
  /** Keys of deleted rows. */
  readonly deletes: readonly (readonly string[])[];
  /** Set while copying: rows of the target in this range that the page does not name are deleted. */
  readonly sweep?: KeyRange;
};

/** What a batch did. `fenced`: somebody else has moved the position, and nothing was changed. */
export type ApplyResult =
  | { readonly kind: 'applied'; readonly rows: number; readonly parked: number }
  | { readonly kind: 'fenced' };

/** Rows on their way through COPY, in PostgreSQL's text format and UTF-8. */
export type RowStream = {
  readonly source: Readable;
  /** Each row is led by `deleted`; otherwise the rows are complete and new. */
  readonly marked: boolean;
  readonly sweep?: KeyRange;
};

/**
 * One batch that is being written but not committed. Several may be staged; they are committed in the order of their
 * positions.
 */
export type StagedBatch = {
  /** Applies and commits if the target still is at `from`. Call once; never while an earlier batch is not committed. */
  commit(from: Position, to: Position): Promise<ApplyResult>;
  /** Leaves the target as it was. Harmless after commit. */
  discard(): Promise<void>;
};

/** What the target holds of one mapping. */
export type PreparedTable = {
  /** `null`: nothing yet, or nothing that can be built on: a copy has to begin. */
  readonly position: Position | null;
  readonly parked: number;
};

/** A copy that is to begin: the changes past `cursor` are streamed once it is done. */
export type CopyStart = {
  readonly table: TargetTable;
  /** The position that was found, which cannot be built on. A copy never replaces another one: cursors would go back. */
  readonly from: Position | null;
  readonly epoch: string;
  readonly cursor: bigint;
  readonly sourceLsn: bigint;
  /** Where it begins if the target table is empty; `null`: there is nothing to copy either. */
  readonly ifEmpty: CopyProgress | null;
  /** Where it begins otherwise. */
  readonly otherwise: CopyProgress;
};

/**
 * A connection to one external database, used by one run of the engine at a time.
 *
 * Guarantees asked of every implementation: a batch and its position are committed together or not at all; a batch
 * whose `from` is not the current position changes nothing; any batch may be applied twice; every wait is bounded;
 * errors are `DestinationError`s and carry no row data and no connection string.
 */
export type DestinationConnection = {
  /**
   * Creates or extends the schema and says where each mapping stands. To be called first: a server that must not be written
   * to, or whose schema is somebody else's, is found here. One table's error does not hide the others.
   */
  prepare(tables: readonly TargetTable[]): Promise<Map<string, PreparedTable | DestinationFailure>>;
  /** Reads one position again, after a batch was fenced. One that cannot be ours is none, and is forgotten there. */
  readPosition(table: TargetTable): Promise<Position | null>;
  /**
   * Begins copies, and finds out, while nobody can commit, which targets are empty. Returns where each mapping is then, or
   * `null` if its position is no longer `from`: then nothing was changed. One table's error does not hide the others.
   */
  startCopies(starts: readonly CopyStart[]): Promise<Map<string, Position | DestinationFailure | null>>;
  /** Applies a page. Rows that the target refuses are parked. */
  applyPage(table: TargetTable, page: Page, from: Position, to: Position): Promise<ApplyResult>;
  /** Writes a stream of rows without committing. At most {@link DestinationConnection.lanes} at once. */
  stage(table: TargetTable, rows: RowStream): Promise<StagedBatch>;
  readonly lanes: number;
  /**
   * The keys of parked rows that are due to be tried again: rows that the target refuses are kept there, and do not hold up
   * the others. Each has as many texts as the table has key columns; what they are, the owner of the target may have written.
   */
  dueParkedRows(table: TargetTable, limit: number): Promise<Key[]>;
  /** Forgets parked rows that nothing is to be done about. */
  forgetParked(table: TargetTable, keys: readonly Key[]): Promise<void>;
  /** How many rows are parked, due or not. */
  countParked(table: TargetTable): Promise<number>;
  /** Makes all parked rows of a mapping due: somebody wants to know at once. */
  makeParkedDue(table: TargetTable): Promise<void>;
  /**
   * Tries parked rows again: the present rows of those keys, and the keys of those that are gone. `at` is the position at
   * which they were read, with the `sourceLsn` of that reading.
   */
  retryParked(table: TargetTable, page: Page, at: Position): Promise<ApplyResult>;
  /**
   * Calls `listener` once if the link breaks while nobody waits for an answer: the target may have crashed, and may have
   * lost the last batches with their positions.
   */
  onLost(listener: () => void): void;
  /** Absent where a copy cannot be compared. */
  readonly verification?: DestinationVerification;
  /** Absent where nothing can be measured. */
  readonly profiling?: DestinationProfiling;
  /** Closes at once; never throws. */
  close(): Promise<void>;
};

/** A failure of one table that leaves the others usable. */
export type DestinationFailure = { readonly failure: Error };

/** Who the rows belong to: written into the target, so that no two projects are mixed there. */
export type TargetOwner = {
  readonly tenancyId: string;
  readonly externalDatabaseId: string;
  /** The tenancy's other external databases: what one of them left in a target must not be taken over. */
  readonly siblingIds: readonly string[];
};

/** A kind of external database. `Connection` is its own configuration, already decrypted. */
export type Destination<Connection> = {
  readonly type: string;
  /** Connects, with a bounded wait. */
  connect(connection: Connection, schema: string, owner: TargetOwner): Promise<DestinationConnection>;
  /**
   * Connects as `connect` does, under the same rules and shorter time-outs, and says step by step how far it comes. Leaves
   * nothing behind. Never throws: what fails is in the result, with the same words as a sync would fail with. Of hosts that
   * are refused for their address, neither words nor time tell whether they exist.
   */
  testConnection(
    connection: Connection,
    place: TestedPlace,
    watch?: ConnectionTestWatch,
  ): Promise<ConnectionTestResult>;
  /** What an owner runs to make a role for Hexclave. Every name is quoted. */
  roleSql(names: RoleNames): RoleSql;
};

// ── Verification: what a kind of destination offers besides, so that a copy can be compared with its source ──

/** The text of a row's key columns, in the table's key order. */
export type Key = readonly string[];

/** What stands for the content of some rows. Equal hashes stand for equal rows, on either side. */
export type Digest = { readonly rows: number; readonly hash: string };

/** The digest of neighbouring rows, and the key of their last; `null` where there are fewer than were asked for. */
export type Piece = Digest & { readonly last: Key | null };

export type RowHash = { readonly key: Key; readonly hash: string };

/**
 * One side of a comparison: a mapping's source, or its target. Rows that are softly deleted do not exist. Every call is one
 * statement with a time-out, and looks at no more rows than it is told.
 */
export type ComparableRows = {
  /** The first `limit` rows of a range, in pieces of `step` rows. */
  pieces(range: KeyRange, limit: number, step: number): Promise<Piece[]>;
  /** One digest for each range, of its first `limit` rows. */
  digests(ranges: readonly KeyRange[], limit: number): Promise<Digest[]>;
  rowHashes(range: KeyRange, limit: number): Promise<RowHash[]>;
};

/** What a target says of some keys, in one snapshot. `null`: this is not our copy, or it has to begin anew. */
export type Sighting = { readonly position: Position | null; readonly parked: readonly Key[] };

/** What must be in the target at its position. Keys of which nothing can be said are in neither. */
export type Expectation = {
  readonly present: readonly PageRow[];
  readonly absent: readonly Key[];
  /** As in {@link Position}: when this was read. `null` if nothing was. */
  readonly sourceLsn: bigint | null;
};

/**
 * A row that is not as it must be. `persists`: it was written, and is still different, e.g. because a trigger of the owner's
 * changes it. `parked`: the target refused it.
 */
export type FoundDifference = {
  readonly kind: 'missing' | 'extra' | 'different';
  readonly key: Key;
  readonly outcome: 'found' | 'repaired' | 'parked' | 'persists';
};

/** The part of a connection that verifies. Nothing here moves a position. */
export type DestinationVerification = {
  rowsOf(table: TargetTable): ComparableRows;
  readPosition(table: TargetTable): Promise<Position | null>;
  countParked(table: TargetTable): Promise<number>;
  /**
   * Looks at rows in one snapshot, asks `judge` what they must be at that position, and says which are not. With `repair`,
   * the position is locked before `judge` is asked, so that no batch can be applied until those rows are put right: what
   * `judge` reads in the source meanwhile is never older than what the target has.
   */
  examine(
    table: TargetTable,
    keys: readonly Key[],
    judge: (seen: Sighting) => Promise<Expectation>,
    repair: boolean,
  ): Promise<FoundDifference[]>;
};

// ── Profiles: what the statements cost that run there ──

/** What is to be measured in a target, and the rows to measure it with. */
export type AppliedRows =
  | { readonly statement: 'apply' | 'apply_deletions'; readonly rows: readonly PageRow[] }
  /** The batch: in COPY's text format and UTF-8, each row led by `deleted`. */
  | { readonly statement: 'stage'; readonly batch: Buffer }
  | { readonly statement: 'merge' | 'merge_deletions'; readonly batch: Buffer };

/** The part of a connection that measures. Works on a table that was prepared before, and never prepares one. */
export type DestinationProfiling = {
  /**
   * Readies a statement to be measured, in a transaction that is rolled back. Where triggers of the owner's would fire, or
   * anything else that lasts, it is skipped unless `fireTriggers`: what is done outside of the transaction would not be undone.
   */
  probe(table: TargetTable, applied: AppliedRows, fireTriggers: boolean): Promise<Probe>;
};
