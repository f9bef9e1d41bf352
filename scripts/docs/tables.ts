import { type DeclaredMapping, hexclaveCatalog } from '@hexclave/sync';
import { GENERATED } from './markdown.ts';

/** The reference page of the tables that are synced. */
export function tablesPage(): string {
  return `# Tables

${GENERATED}

These tables are created in the schema of an external database (\`hexclave\` by default). With \`deleteMode: soft\` each has
one more column, \`deleted_at timestamptz\`. Columns of the key are in bold. "From" is the table and column of the internal
database; a change there is what makes the row arrive.

${hexclaveCatalog.mappings.map(section).join('\n\n')}
`;
}

function section(mapping: DeclaredMapping): string {
  const rows = Object.entries(mapping.columns).map(([name, column]) => {
    const isKey = mapping.keyColumns.includes(name);
    const table = column.lookup === undefined ? mapping.table.name : mapping.lookups?.[column.lookup]?.table.name;
    const nullable = isKey || column.notNull === true ? 'no' : 'yes';
    return `| ${isKey ? `**\`${name}\`**` : `\`${name}\``} | \`${column.type}\` | ${nullable} | \`${table}.${column.from}\` |`;
  });
  return `## ${mapping.name}

${mapping.description ?? ''}

| column | type | may be NULL | from |
|---|---|---|---|
${rows.join('\n')}`;
}
