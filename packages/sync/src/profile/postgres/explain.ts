import type { ProfileMeasure } from '@hexclave/config';
import type { FiredTrigger, LogEntry, PlanNode } from '../source.ts';
import { explainLacks, type ServerFacts, WAL_SINCE } from './server.ts';

/** EXPLAIN's options as far as a server knows them. VERBOSE has the id by which the server remembers the statement. */
export function explain({ versionNumber }: ServerFacts): string {
  const wal = versionNumber >= WAL_SINCE ? ', WAL' : '';
  return `EXPLAIN (ANALYZE, VERBOSE, BUFFERS${wal}, FORMAT JSON)`;
}

/** One plan node as EXPLAIN writes it; of its many fields, those that carry no value of a row. */
type Explained = {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Conflict Arbiter Indexes'?: readonly string[];
  readonly 'Plan Rows'?: number;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Explained[];
} & Readonly<Record<string, unknown>>;

export type ExplainAnswer = {
  readonly Plan: Explained;
  readonly 'Planning Time'?: number;
  readonly 'Execution Time'?: number;
  readonly Triggers?: readonly Readonly<Record<string, unknown>>[];
};

/** In pages of the server. */
const BUFFERS = {
  buffers_hit: ['Shared Hit Blocks', 'Local Hit Blocks'],
  buffers_read: ['Shared Read Blocks', 'Local Read Blocks'],
  buffers_dirtied: ['Shared Dirtied Blocks', 'Local Dirtied Blocks'],
  buffers_written: ['Shared Written Blocks', 'Local Written Blocks'],
  temporary_read: ['Temp Read Blocks'],
  temporary_written: ['Temp Written Blocks'],
} as const;

/** EXPLAIN's answer as a log's entry. What is not in the answer is not in the entry either: it is judged like any other. */
export function toEntry(queryId: string, server: ServerFacts, answer: ExplainAnswer): LogEntry {
  const { Plan: plan } = answer;
  const bytes = Object.entries(BUFFERS).map(([name, fields]) => [name, sumOf(plan, fields, server.blockSize), 'bytes']);
  const found: readonly (readonly [ProfileMeasure, number | undefined, string])[] = [
    ['planning_time', answer['Planning Time'], 'ms'],
    ['execution_time', answer['Execution Time'], 'ms'],
    ['rows', rowsOf(plan), 'rows'],
    ...(bytes as [ProfileMeasure, number | undefined, string][]),
    ['wal_size', numberIn(plan, 'WAL Bytes'), 'bytes'],
    ['wal_records', numberIn(plan, 'WAL Records'), 'records'],
  ];
  const lacking = explainLacks(server);
  const there = found.filter(([name, value]) => value !== undefined && lacking[name] === undefined);
  return {
    queryId,
    state: 'finished',
    measures: Object.fromEntries(there.map(([name, value, unit]) => [name, { value: value as number, unit }])),
    lacking,
    plan: toNode(plan),
    triggers: (answer.Triggers ?? []).map(toTrigger),
  };
}

function sumOf(plan: Explained, fields: readonly string[], blockSize: number): number | undefined {
  const counts = fields.map((field) => numberIn(plan, field));
  if (counts.includes(undefined)) return undefined;
  return counts.reduce<number>((sum, count) => sum + (count ?? 0) * blockSize, 0);
}

function numberIn(plan: Explained, field: string): number | undefined {
  const value = plan[field];
  return typeof value === 'number' ? value : undefined;
}

/** A statement that changes rows returns none: those that came to it are counted. */
function rowsOf(plan: Explained): number | undefined {
  const [changed] = plan.Plans ?? [];
  const counted = plan['Node Type'] === 'ModifyTable' ? changed : plan;
  if (counted?.['Actual Rows'] === undefined || counted['Actual Loops'] === undefined) return undefined;
  return Math.round(counted['Actual Rows'] * counted['Actual Loops']);
}

function toNode(plan: Explained): PlanNode {
  const loops = plan['Actual Loops'] ?? 0;
  const removed = (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0);
  return {
    node: plan['Node Type'] === 'ModifyTable' ? String(plan.Operation ?? 'ModifyTable') : plan['Node Type'],
    relation: plan['Relation Name'] ?? null,
    index: plan['Index Name'] ?? plan['Conflict Arbiter Indexes']?.[0] ?? null,
    rows: Math.round((plan['Actual Rows'] ?? 0) * loops),
    expectedRows: plan['Plan Rows'] ?? 0,
    loops,
    removedRows: removed * loops,
    children: (plan.Plans ?? []).map(toNode),
  };
}

function toTrigger(trigger: Readonly<Record<string, unknown>>): FiredTrigger {
  const name = trigger['Constraint Name'] ?? trigger['Trigger Name'];
  return { name: String(name), calls: Number(trigger.Calls), timeMs: Number(trigger.Time) };
}
