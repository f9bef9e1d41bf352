import type { CaptureDdl } from './capture.ts';

/** The text of the three migration files that bring a database to a capture; see `scripts/generate-capture.ts`. */
export type CaptureMigration = { readonly columns: string; readonly indexes: string; readonly triggers: string };

const GENERATED = 'Generated from the mappings in packages/sync by `npm run generate:capture`; do not edit.';

/** Renders the capture as SQL files. All of it may be applied again. */
export function renderCaptureMigration(ddl: CaptureDdl): CaptureMigration {
  const file = (title: string, headers: readonly string[], statements: readonly string[]) =>
    [
      `-- ${title}`,
      `-- ${GENERATED}`,
      '-- compatibility: safe',
      ...headers,
      '',
      ...statements.map((sql) => `${sql};\n`),
    ].join('\n');
  return {
    columns: file('Capture: the columns of tracked tables.', [], ddl.columns),
    indexes: file('Capture: the indexes of tracked tables.', ['-- transaction: none'], ddl.indexes),
    triggers: file('Capture: functions and triggers, and the numbering.', [], ddl.triggers),
  };
}
