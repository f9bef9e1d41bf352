import { parse } from 'libpg-query';

/**
 * Nodes of PostgreSQL's own parse tree, as far as the rules look at them. Fields that have their default are left out
 * by the parser.
 */
export type Relation = { relname: string; relpersistence?: string };
export type Constraint = {
  contype: string;
  conname?: string;
  skip_validation?: boolean;
  indexname?: string;
  raw_expr?: Node;
};
export type ColumnDef = { colname?: string; typeName?: TypeName; constraints?: { Constraint: Constraint }[] };
export type TypeName = { names: { String: { sval: string } }[] };
export type AlterCommand = {
  subtype: string;
  name?: string;
  def?: { ColumnDef?: ColumnDef; Constraint?: Constraint };
};
export type Node = Record<string, unknown>;
export type Tree = {
  AlterTableStmt?: { relation: Relation; objtype: string; cmds: { AlterTableCmd: AlterCommand }[] };
  RenameStmt?: { renameType: string; relation?: Relation; subname?: string; newname: string };
  DropStmt?: { removeType: string; objects: unknown[]; concurrent?: boolean };
  IndexStmt?: { idxname?: string; relation: Relation; concurrent?: boolean };
  ReindexStmt?: { params?: { DefElem: { defname: string } }[] };
  CreateStmt?: { relation: Relation };
  CreateTableAsStmt?: { into: { rel: Relation } };
  UpdateStmt?: { relation: Relation };
  DeleteStmt?: { relation: Relation };
  MergeStmt?: { relation: Relation };
  VacuumStmt?: { options?: { DefElem: { defname: string } }[] };
  VariableSetStmt?: { name: string; args?: { A_Const?: { ival?: { ival?: number }; sval?: { sval: string } } }[] };
  TransactionStmt?: { kind: string };
  LockStmt?: object;
  TruncateStmt?: object;
  RefreshMatViewStmt?: { concurrent?: boolean };
};

/** One statement of a file, with the line on which its own text begins. */
export type Statement = { tree: Tree; line: number };

/** @throws what PostgreSQL's parser says when the text is not SQL */
export async function parseStatements(sql: string): Promise<Statement[]> {
  const { stmts } = (await parse(sql)) as { stmts?: { stmt: Tree; stmt_location?: number }[] };
  // The parser counts bytes, and lets a statement begin right after the last one's semicolon.
  const bytes = Buffer.from(sql);
  return (stmts ?? []).map(({ stmt, stmt_location = 0 }) => ({ tree: stmt, line: firstLine(bytes, stmt_location) }));
}

function firstLine(bytes: Buffer, location: number): number {
  const blanks = /^(?:\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/)*/.exec(bytes.subarray(location).toString())?.[0] ?? '';
  return bytes.subarray(0, location).toString().concat(blanks).split('\n').length;
}
