import { judgeAlterTable } from './alter-table.ts';
import { dropped, type FileFacts, isNew, type Objection } from './objection.ts';
import type { Relation, Statement, Tree } from './tree.ts';

/** Everything that the rules have against one statement. */
export function judgeStatement({ tree }: Statement, facts: FileFacts): Objection[] {
  return RULES.flatMap((rule) => rule(tree, facts));
}

type Rule = (tree: Tree, facts: FileFacts) => Objection[];

const index: Rule = ({ IndexStmt: statement }, facts) =>
  statement === undefined || statement.concurrent === true || isNew(statement.relation, facts)
    ? []
    : [
        {
          rule: 'index-locks-writers',
          what: `Writers of "${statement.relation.relname}" wait until the index is built.`,
          instead: 'Put CREATE INDEX CONCURRENTLY into a file of its own, with the header "-- transaction: none".',
        },
      ];

const rename: Rule = ({ RenameStmt: statement }, facts) =>
  statement === undefined || facts.breaking || !['OBJECT_TABLE', 'OBJECT_COLUMN'].includes(statement.renameType)
    ? []
    : [
        {
          rule: 'rename',
          what: `Servers of the version before ask for "${statement.subname ?? statement.relation?.relname}" and fail.`,
          instead:
            'Add the new name beside the old one, write both for one version, move the readers, and drop the old one a version later.',
        },
      ];

const DROPPED = ['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_SEQUENCE', 'OBJECT_TYPE', 'OBJECT_FUNCTION', 'OBJECT_SCHEMA'];

const drop: Rule = ({ DropStmt: statement }, facts) => {
  if (statement === undefined) return [];
  if (statement.removeType === 'OBJECT_INDEX' && statement.concurrent !== true)
    return [
      {
        rule: 'index-locks-writers',
        what: 'Readers and writers wait for the lock that dropping an index takes.',
        instead: 'Use DROP INDEX CONCURRENTLY in a file with the header "-- transaction: none".',
      },
    ];
  return DROPPED.includes(statement.removeType) && !facts.breaking ? [dropped('What is dropped')] : [];
};

const write: Rule = (tree, facts) => {
  // What a function or a rule would do some day is not done by this file.
  if (facts.batches || !EXECUTED.some((kind) => kind in tree)) return [];
  return writesIn(tree)
    .filter(({ relation }) => !isNew(relation, facts))
    .map(({ relation }) => ({
      rule: 'whole-table-write',
      what: `Every row of "${relation.relname}" that it touches stays locked until the file is done, and the dead rows pile up.`,
      instead: 'Write it as a file with the header "-- transaction: batches".',
    }));
};

const EXECUTED = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'CreateTableAsStmt'];

/** A statement's own write, and those in its WITH. */
function writesIn(value: unknown): { relation: Relation }[] {
  if (Array.isArray(value)) return value.flatMap(writesIn);
  if (typeof value !== 'object' || value === null) return [];
  const { UpdateStmt, DeleteStmt, MergeStmt } = value as Tree;
  const own = [UpdateStmt, DeleteStmt, MergeStmt].filter((statement) => statement !== undefined);
  return [...own, ...Object.values(value).flatMap(writesIn)];
}

const lock: Rule = ({ LockStmt, TruncateStmt, VacuumStmt, RefreshMatViewStmt, ReindexStmt }) => {
  const reindexes =
    ReindexStmt !== undefined && !ReindexStmt.params?.some(({ DefElem }) => DefElem.defname === 'concurrently');
  const full = VacuumStmt?.options?.some(({ DefElem }) => DefElem.defname === 'full') === true;
  const refreshes = RefreshMatViewStmt !== undefined && RefreshMatViewStmt.concurrent !== true;
  if (LockStmt === undefined && TruncateStmt === undefined && !full && !refreshes && !reindexes) return [];
  return [
    {
      rule: 'explicit-lock',
      what: 'It stops everybody who uses the table until the file is done.',
      instead:
        'Leave locks to the statements that need them; use CONCURRENTLY where there is such a form; delete in batches.',
    },
  ];
};

/** The runner sets both timeouts for every file; a file may make them shorter. */
const LONGEST_LOCK_TIMEOUT_MS = 5_000;

const timeout: Rule = ({ VariableSetStmt: statement }) => {
  if (statement?.name !== 'lock_timeout') return [];
  const value = statement.args?.[0]?.A_Const;
  const ms = value?.ival?.ival ?? toMs(value?.sval?.sval ?? '0');
  if (ms > 0 && ms <= LONGEST_LOCK_TIMEOUT_MS) return [];
  return [
    {
      rule: 'lock-timeout',
      what: 'Whoever comes to the table later queues up behind a wait for its lock, for as long as that lasts.',
      instead: `Leave it out: the runner sets one and tries again. At most ${LONGEST_LOCK_TIMEOUT_MS} ms.`,
    },
  ];
};

function toMs(text: string): number {
  const [, number, unit = 'ms'] = /^(\d+)\s*(ms|s|min)?$/.exec(text.trim()) ?? [];
  return number === undefined ? 0 : Number(number) * { ms: 1, s: 1_000, min: 60_000 }[unit as 'ms' | 's' | 'min'];
}

const transaction: Rule = ({ TransactionStmt: statement }) =>
  statement === undefined
    ? []
    : [
        {
          rule: 'ends-transaction',
          what: 'The runner opens and commits the transaction, with the note that the file was applied in it.',
          instead: 'Leave it out, or make two files.',
        },
      ];

const RULES: readonly Rule[] = [index, rename, drop, judgeAlterTable, write, lock, timeout, transaction];
