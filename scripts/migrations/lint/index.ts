import { type MigrationFile, readHeaders } from '@hexclave/migrations';
import { addedConstraints } from './alter-table.ts';
import { LANDED_EXCEPTIONS } from './exceptions.ts';
import type { FileFacts, Objection } from './objection.ts';
import { judgeStatement } from './rules.ts';
import { parseStatements, type Statement } from './tree.ts';

export type Finding = Objection & { file: string; line: number };

/**
 * What would hurt a running deployment while this migration is applied, or the servers of the version before once it
 * is. A header `-- lint-allow: <rule> <why>` in the file leaves a rule out.
 */
export async function lintMigration(file: MigrationFile): Promise<Finding[]> {
  const statements = await parseStatements(file.sql);
  const facts = factsOf(file, statements);
  const allowed = allowedRules(file);
  return statements
    .flatMap((statement) =>
      judgeStatement(statement, facts).map((objection) => ({
        ...objection,
        file: `${file.name}.sql`,
        line: statement.line,
      })),
    )
    .filter(({ rule }) => !allowed.has(rule));
}

function factsOf(file: MigrationFile, statements: readonly Statement[]): FileFacts {
  const created = statements.flatMap(({ tree: { CreateStmt, CreateTableAsStmt } }) => {
    const relation = CreateStmt?.relation ?? CreateTableAsStmt?.into.rel;
    return relation === undefined ? [] : [relation.relname];
  });
  return {
    batches: file.execution === 'batches',
    created: new Set(created),
    constrained: new Set(statements.flatMap(({ tree }) => addedConstraints(tree))),
    breaking: file.compatibility === 'breaking',
  };
}

function allowedRules(file: MigrationFile): ReadonlySet<string> {
  const named = readHeaders(file.sql, 'lint-allow').flatMap((text) => {
    const [rule, why] = text.split(/\s+(.*)/s);
    // Without a reason it does not count.
    return rule !== undefined && why ? [rule] : [];
  });
  return new Set([...named, ...Object.keys(LANDED_EXCEPTIONS[file.name] ?? {})]);
}

export function describeFinding({ file, line, rule, what, instead }: Finding): string {
  return `${file}:${line}: ${what} [${rule}]\n  → ${instead}`;
}
