import { dropped, type FileFacts, isNew, type Objection } from './objection.ts';
import type { AlterCommand, Constraint, Node, Tree } from './tree.ts';

export function judgeAlterTable({ AlterTableStmt: statement }: Tree, facts: FileFacts): Objection[] {
  if (statement === undefined || statement.objtype !== 'OBJECT_TABLE' || isNew(statement.relation, facts)) return [];
  const table = statement.relation.relname;
  return statement.cmds.flatMap(({ AlterTableCmd: command }) => judgeCommand(command, table, facts));
}

function judgeCommand(command: AlterCommand, table: string, facts: FileFacts): Objection[] {
  const judge = COMMANDS[command.subtype];
  return judge === undefined ? [] : judge(command, table, facts);
}

const COMMANDS: Readonly<Record<string, (command: AlterCommand, table: string, facts: FileFacts) => Objection[]>> = {
  AT_AddColumn: addColumn,
  AT_DropColumn: ({ name }, table, facts) => (facts.breaking ? [] : [dropped(`"${table}"."${name}"`)]),
  AT_SetNotNull: ({ name }, table) => [
    {
      rule: 'not-null-scans',
      what: `All of "${table}" is read under a lock that stops readers and writers, to see that "${name}" is never NULL.`,
      instead: `ADD CONSTRAINT … CHECK ("${name}" IS NOT NULL) NOT VALID in one file, VALIDATE CONSTRAINT in the next: then SET NOT NULL believes it without reading. Servers of the version before must write the column already.`,
    },
  ],
  AT_AlterColumnType: ({ name }, table) => [
    {
      rule: 'type-change',
      what: `"${table}" is written anew under a lock that stops readers and writers, and servers of the version before still send and expect the old type of "${name}".`,
      instead:
        'Add a column of the new type, write both, fill it with "-- transaction: batches", move the readers, and drop the old one a version later.',
    },
  ],
  AT_AddConstraint: addConstraint,
  AT_ValidateConstraint: ({ name = '' }, table, facts) => (facts.constrained.has(name) ? [scans(table)] : []),
  AT_SetLogged: rewrites,
  AT_SetUnLogged: rewrites,
  AT_SetTableSpace: rewrites,
  AT_SetAccessMethod: rewrites,
};

function rewrites(_command: AlterCommand, table: string): Objection[] {
  return [
    {
      rule: 'rewrites-table',
      what: `"${table}" is written anew under a lock that stops readers and writers.`,
      instead: 'Make a new table, fill it with "-- transaction: batches", and move the readers to it.',
    },
  ];
}

function addColumn({ def }: AlterCommand, table: string): Objection[] {
  const column = def?.ColumnDef;
  const constraints = (column?.constraints ?? []).map(({ Constraint }) => Constraint);
  const fallback = constraints.find(({ contype }) => contype === 'CONSTR_DEFAULT')?.raw_expr;
  const generated = constraints.some(({ contype }) => ['CONSTR_GENERATED', 'CONSTR_IDENTITY'].includes(contype));
  const name = column?.colname;
  const objections: Objection[] = [];
  if (generated || isSerial(column?.typeName?.names.at(-1)?.String.sval))
    objections.push(...rewrites({ subtype: '' }, table));
  else if (fallback === undefined && constraints.some(({ contype }) => contype === 'CONSTR_NOTNULL'))
    objections.push({
      rule: 'new-column-not-null',
      what: `Servers of the version before do not know "${name}": their INSERT INTO "${table}" fails, and so does this file as soon as there are rows.`,
      instead: 'Add a constant DEFAULT, or add the column as nullable.',
    });
  if (fallback !== undefined && isVolatile(fallback))
    objections.push({
      rule: 'volatile-default',
      what: `A default that is not the same for all rows makes PostgreSQL write "${table}" anew under a lock that stops readers and writers.`,
      instead:
        'Add the column without a default, set the default in a second command, and fill old rows with "-- transaction: batches".',
    });
  return [...objections, ...constraints.flatMap((constraint) => judgeConstraint(constraint, table))];
}

function addConstraint({ def }: AlterCommand, table: string): Objection[] {
  return def?.Constraint === undefined ? [] : judgeConstraint(def.Constraint, table);
}

function judgeConstraint(constraint: Constraint, table: string): Objection[] {
  if (['CONSTR_CHECK', 'CONSTR_FOREIGN'].includes(constraint.contype) && constraint.skip_validation !== true)
    return [scans(table)];
  const builds = ['CONSTR_PRIMARY', 'CONSTR_UNIQUE', 'CONSTR_EXCLUSION'].includes(constraint.contype);
  if (!builds || constraint.indexname !== undefined) return [];
  return [
    {
      rule: 'unique-scans',
      what: `Its index is built while readers and writers of "${table}" wait.`,
      instead: 'CREATE UNIQUE INDEX CONCURRENTLY in a file of its own, then ADD CONSTRAINT … USING INDEX.',
    },
  ];
}

function scans(table: string): Objection {
  return {
    rule: 'constraint-scans',
    what: `All of "${table}" is checked while writers wait.`,
    instead: 'Add it as NOT VALID, and VALIDATE CONSTRAINT in the next file: that lets writers go on.',
  };
}

/** The names of the constraints that a statement adds. */
export function addedConstraints({ AlterTableStmt: statement }: Tree): string[] {
  return (statement?.cmds ?? []).flatMap(({ AlterTableCmd: { def } }) => def?.Constraint?.conname ?? []);
}

function isSerial(type: string | undefined): boolean {
  return /^(small|big)?serial\d?$/.test(type ?? '');
}

/** now() and its like are stable: evaluated once, not for each row. */
const STABLE = [
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'current_setting',
  'to_jsonb',
  'jsonb_build_object',
];

function isVolatile(expression: Node): boolean {
  return calledFunctions(expression).some((name) => !STABLE.includes(name));
}

function calledFunctions(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(calledFunctions);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = key === 'FuncCall' ? [lastName(inner as { funcname: { String: { sval: string } }[] })] : [];
    return [...name, ...calledFunctions(inner)];
  });
}

function lastName({ funcname }: { funcname: { String: { sval: string } }[] }): string {
  return funcname.at(-1)?.String.sval ?? '';
}
