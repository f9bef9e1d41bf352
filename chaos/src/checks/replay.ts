import { PAIR, PAIR_SUM } from '../workload/pair.ts';
import { createSourceIndex, type Numbered, type SourceFacts, type SourceIndex } from './source-facts.ts';
import type { HistoryRow } from './target-history.ts';
import type { Violation, ViolationKind } from './violation.ts';

/** One target's history, and what must be known to judge it. */
export type ReplayInput = {
  /** For messages. */
  readonly target: string;
  /** What rows of its tenancy carry. */
  readonly tag: string;
  readonly history: readonly HistoryRow[];
  readonly source: SourceFacts;
  /** Hashes of declarations under which deletions are soft. */
  readonly soft: ReadonlySet<string>;
};

export type Replay = {
  readonly violations: readonly Violation[];
  /** Moves of positions: batches that were committed. */
  readonly batches: number;
  /** How often a pair was seen between two transfers, which is allowed. */
  readonly pairsMidTransfer: number;
};

/** Which source table fills which target table. */
const SOURCES: Readonly<Record<string, string>> = {
  users: 'ProjectUser',
  contact_channels: 'ContactChannel',
  teams: 'Team',
  team_member_profiles: 'TeamMember',
};

type Position = { readonly epoch: string; readonly cursor: bigint; readonly copying: boolean; readonly hash: string };
type RowState = { readonly version: bigint; readonly amount: unknown };

/** One target table as it is at one moment of its history. */
type TableState = {
  readonly rows: Map<string, RowState>;
  /** Rows whose `deleted_at` is set. Where deletions are hard that says nothing: whatever is there is alive. */
  readonly marked: Map<string, RowState>;
  isSoft: boolean;
  /** The versions that keys were deleted at. */
  readonly graves: Map<string, bigint>;
  readonly parked: Set<string>;
  position: Position | null;
};

const MOST_OF_A_KIND = 5;

/** Plays a target's history from its beginning and judges every commit. */
export function replay({ target, tag, history, source, soft }: ReplayInput): Replay {
  const index = createSourceIndex(source);
  const tables = new Map(Object.keys(SOURCES).map((name) => [name, emptyTable()]));
  const violations: Violation[] = [];
  const violate = (kind: ViolationKind, what: string) => {
    if (violations.filter((one) => one.kind === kind).length < MOST_OF_A_KIND) {
      violations.push({ kind, what: `${target} ${what}` });
    }
  };
  let batches = 0;
  let pairsMidTransfer = 0;
  for (const transaction of transactionsOf(history)) {
    for (const row of transaction) {
      const table = tables.get(row.subject);
      if (table === undefined) continue;
      if (row.what === 'move') {
        batches += 1;
        applyMove({ table, subject: row.subject, index, violate }, row, soft);
      } else applyRow({ table, subject: row.subject, index, violate, tag }, row);
    }
    const pair = judgePair(tables.get('users') ?? emptyTable(), violate);
    if (pair === 'mid-transfer') pairsMidTransfer += 1;
  }
  return { violations, batches, pairsMidTransfer };
}

function emptyTable(): TableState {
  return { rows: new Map(), marked: new Map(), isSoft: false, graves: new Map(), parked: new Set(), position: null };
}

/** A row as its readers have it. */
function livingRow({ rows, marked, isSoft }: TableState, key: string): RowState | undefined {
  return rows.get(key) ?? (isSoft ? undefined : marked.get(key));
}

/**
 * Rows of one transaction together, transactions in the order of their last rows: the last is the move of the position,
 * made under the lock that the commit releases. Rows that are copied into an empty table are written before that lock is
 * taken, so the order of single rows says nothing.
 */
function transactionsOf(history: readonly HistoryRow[]): HistoryRow[][] {
  const byXid = new Map<string, HistoryRow[]>();
  for (const row of history) {
    const rows = byXid.get(row.xid) ?? [];
    rows.push(row);
    byXid.set(row.xid, rows);
  }
  const last = (rows: readonly HistoryRow[]) => rows.at(-1)?.id ?? 0n;
  return [...byXid.values()].sort((a, b) => Number(last(a) - last(b)));
}

type Judging = {
  readonly table: TableState;
  readonly subject: string;
  readonly index: SourceIndex;
  readonly violate: (kind: ViolationKind, what: string) => void;
};

function applyRow(judging: Judging & { readonly tag: string }, row: HistoryRow): void {
  const { table } = judging;
  const key = row.key ?? '';
  switch (row.what) {
    case 'insert':
    case 'update':
      judgeWrite(judging, row);
      table.rows.set(key, stateOf(row));
      table.marked.delete(key);
      return;
    case 'write marked':
      judgeWrite(judging, row);
      table.marked.set(key, stateOf(row));
      return;
    case 'delete':
    case 'mark':
    case 'purge':
      applyDeletion(judging, row);
      return;
    case 'truncate':
    case 'created':
      for (const content of [table.rows, table.marked, table.graves]) content.clear();
      return;
    case 'parked':
      table.parked.add(key);
      return;
    case 'unparked':
      table.parked.delete(key);
      return;
    default:
      throw new Error(`a history of ${row.what}`);
  }
}

function stateOf({ version, detail }: HistoryRow): RowState {
  return { version: version ?? 0n, amount: detail?.amount };
}

function judgeWrite(judging: Judging & { readonly tag: string }, row: HistoryRow): void {
  const { subject, violate, tag } = judging;
  if (row.tag !== tag) violate('cross-tenant', `${subject} ${row.key} belongs to ${row.tag}`);
  judgeVersion(judging, row.key ?? '', row.version ?? 0n);
}

/** Where deletions are soft, a living row is marked and stays. */
function applyDeletion({ table, subject, index, violate }: Judging, row: HistoryRow): void {
  const key = row.key ?? '';
  if (table.isSoft && row.what === 'delete')
    violate('lost', `${subject} ${key} was removed, although deletions are soft`);
  bury(table, index, row);
  table.rows.delete(key);
  if (row.what === 'mark') table.marked.set(key, stateOf(row));
  else table.marked.delete(key);
}

/** A deletion from a time that a restore of the source has undone says nothing of what may come back. */
function bury({ graves, position }: TableState, index: SourceIndex, { key, version, at }: HistoryRow): void {
  if (position !== null && index.canJudge(position.epoch, at)) graves.set(key ?? '', version ?? 0n);
  else graves.delete(key ?? '');
}

/** Versions of a key only grow, over its deletions too; except for what a restore of the source has undone. */
function judgeVersion({ table, subject, index, violate }: Judging, key: string, version: bigint): void {
  const present = livingRow(table, key);
  if (present !== undefined && version < present.version && !index.wasUndone(present.version)) {
    violate('version regression', `${subject} ${key} went from version ${present.version} back to ${version}`);
  }
  const grave = table.graves.get(key);
  if (present === undefined && grave !== undefined && version <= grave) {
    const source = SOURCES[subject] ?? '';
    if (!index.wasUndone(grave) && index.wasRemoved(source, key, version)) {
      violate('zombie', `${subject} ${key} came back in version ${version}, after it had been deleted`);
    }
  }
}

function positionOf(row: HistoryRow): Position | null {
  if (row.detail === null) return null;
  const { epoch, cursor, copying, hash } = row.detail;
  return { epoch: String(epoch), cursor: BigInt(String(cursor)), copying: copying === true, hash: String(hash) };
}

function applyMove(judging: Judging, row: HistoryRow, soft: ReadonlySet<string>): void {
  const to = positionOf(row);
  if (to !== null) judging.table.isSoft = soft.has(to.hash);
  judgeMove(judging, to, row.at);
}

function judgeMove(judging: Judging, to: Position | null, at: number): void {
  const { table, subject, index, violate } = judging;
  const from = table.position;
  table.position = to;
  if (to === null || to.copying || !index.canJudge(to.epoch, at)) return;
  const isStreaming = from !== null && !from.copying;
  if (isStreaming && from.epoch === to.epoch && to.cursor < from.cursor) {
    violate('cursor regression', `${subject} went from ${from.cursor} back to ${to.cursor} in one epoch`);
  }
  const after = isStreaming && from.epoch === to.epoch ? from.cursor : 0n;
  judgeCursor(judging, after, to, at);
}

/**
 * Everything numbered up to the cursor has to be there, no older than when it was numbered; unless it has got a later
 * number since, which the reader may have seen in its place.
 */
function judgeCursor(judging: Judging, after: bigint, to: Position, at: number): void {
  const { subject, index, violate } = judging;
  for (const numbered of index.numbered(SOURCES[subject] ?? '', after, to)) {
    const shown =
      numbered.version === null ? missedDeletion(judging, numbered, to) : missedRow(judging, numbered, to, at);
    if (shown === null) continue;
    violate(
      'cursor ahead of data',
      `${subject} at ${to.cursor}: ${numbered.key} has number ${numbered.number}, and ${shown}`,
    );
  }
}

function missedRow({ table, index }: Judging, numbered: Numbered, to: Position, at: number): string | null {
  const { source, key, version } = numbered;
  const row = livingRow(table, key);
  if (version === null || table.parked.has(key) || (row !== undefined && row.version >= version)) return null;
  // Deleted since, perhaps before it was read: then its tombstone tells, which is judged for itself.
  if (index.wasRemoved(source, key, version)) return null;
  if (index.wasNumberedAgain(source, key, to.cursor, at)) return null;
  return `version ${version} is not there, but ${row === undefined ? 'no row' : `version ${row.version}`}`;
}

/** A deletion says nothing about a row that lives again, whatever number that has got or will get. */
function missedDeletion({ table, index }: Judging, numbered: Numbered, to: Position): string | null {
  const { source, key, deletedIn } = numbered;
  const row = livingRow(table, key);
  if (row === undefined || table.parked.has(key)) return null;
  if (!index.wasOlderThanDeletion(source, key, deletedIn, row.version)) return null;
  if (index.wasNumberedAgain(source, key, to.cursor, Number.POSITIVE_INFINITY)) return null;
  return `was deleted, but version ${row.version} is still there`;
}

function judgePair(table: TableState, violate: Judging['violate']): 'whole' | 'mid-transfer' | 'absent' {
  const [one, other] = PAIR.map((key) => livingRow(table, key));
  if (one === undefined || other === undefined) return 'absent';
  if (one.version !== other.version) return 'mid-transfer';
  const sum = Number(one.amount) + Number(other.amount);
  if (sum !== PAIR_SUM)
    violate('pair does not add up', `users: ${one.amount} and ${other.amount} of version ${one.version}`);
  return 'whole';
}
