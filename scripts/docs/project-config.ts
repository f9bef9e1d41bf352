import { projectConfigJsonSchema } from '@hexclave/config';
import { mappingCatalogueOf } from '@hexclave/server';
import { hexclaveCatalog } from '@hexclave/sync';
import { escapeCell, GENERATED } from './markdown.ts';

type Schema = {
  type?: string;
  enum?: string[];
  const?: string;
  default?: unknown;
  description?: string;
  not?: object;
  items?: Schema;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | false;
};

const schema = projectConfigJsonSchema(mappingCatalogueOf(hexclaveCatalog)) as Schema;

export function projectConfigSchemaFile(): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** The reference page of a project's configuration. */
export function projectConfigPage(): string {
  return `# Project configuration

${GENERATED}

A project's admin reads it with \`GET /api/v1/internal/config\` and changes it with
\`PATCH /api/v1/internal/config/override/environment\`, as [Connect your database](../guide/connect-your-database.md)
shows. Options that are not in this table are refused. The same as JSON Schema:
[project-config.schema.json](project-config.schema.json).

| option | value | default | what it does |
|---|---|---|---|
${leavesOf(schema, '', []).map(row).join('\n')}

\`<id>\` is a name of your choice: 1 to 63 of \`a-z\`, \`0-9\`, \`_\` and \`-\`, beginning with a letter or digit. \`<table>\` is one
of ${hexclaveCatalog.mappings.map(({ name }) => `\`${name}\``).join(', ')}; their columns are in [Tables](tables.md).
`;
}

type Leaf = { path: string; option: Schema; required: boolean };

/** What stands for the free names in a path, from the outside in. */
const FREE_NAMES = ['<id>', '<table>'];

function leavesOf(option: Schema, path: string, names: readonly string[]): Leaf[] {
  return Object.entries(option.properties ?? {}).flatMap(([name, child]): Leaf[] => {
    if (child.not !== undefined) return [];
    const childPath = path === '' ? name : `${path}.${name}`;
    const entry = child.additionalProperties || undefined;
    if (entry !== undefined) {
      const used = [...names, FREE_NAMES[names.length] ?? '<name>'];
      return leavesOf(entry, `${childPath}.${used.at(-1)}`, used);
    }
    if (child.properties !== undefined) return leavesOf(child, childPath, names);
    return [{ path: childPath, option: child, required: option.required?.includes(name) === true }];
  });
}

function row({ path, option, required }: Leaf): string {
  const fallback = required ? 'required' : option.default === undefined ? 'none' : code(option.default);
  return `| ${[`\`${path}\``, allowedValues(option), fallback, option.description ?? ''].map(escapeCell).join(' | ')} |`;
}

function allowedValues(option: Schema): string {
  if (option.const !== undefined) return code(option.const);
  if (option.enum !== undefined) return option.enum.map(code).join(' or ');
  return option.type === 'array' ? 'a list of names' : option.type === 'boolean' ? '`true` or `false`' : 'a text';
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}
