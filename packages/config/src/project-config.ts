import { z } from 'zod';
import { type ExternalDatabaseConfig, externalDatabasesSchema } from './external-database.ts';
import type { MappingCatalogue } from './mapping-catalogue.ts';

/** A project's configuration with the defaults filled in. */
export type ProjectConfig = { dbSync: { externalDatabases: Record<string, ExternalDatabaseConfig> } };

/** What is wrong at a dotted path. */
export type ConfigIssue = { path: string; message: string };

export type ConfigResult = { ok: true; config: ProjectConfig } | { ok: false; issues: ConfigIssue[] };

/** Checks a whole document, as `applyOverride` leaves it. Messages never contain values. */
export function parseProjectConfig(document: unknown, mappings: MappingCatalogue): ConfigResult {
  const result = projectConfigSchema(mappings).safeParse(document);
  if (result.success) return { ok: true, config: result.data };
  return { ok: false, issues: result.error.issues.map(toConfigIssue) };
}

/** The schema of a whole document as JSON Schema: what editors and other programs can check before it is sent. */
export function projectConfigJsonSchema(mappings: MappingCatalogue): object {
  return z.toJSONSchema(projectConfigSchema(mappings), {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema, path }) => {
      // The shape of PostgreSQL's own names and the like is checked by code; what is only shown is not to be sent.
      if (path.at(-1) === 'connection') Object.assign(jsonSchema, { not: {}, description: 'Only shown.' });
    },
  });
}

function projectConfigSchema(mappings: MappingCatalogue) {
  return z.strictObject({
    dbSync: z.strictObject({ externalDatabases: externalDatabasesSchema(mappings).prefault({}) }).prefault({}),
  });
}

function toConfigIssue(issue: z.core.$ZodIssue): ConfigIssue {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return { path: [...path, issue.keys[0] ?? ''].join('.'), message: 'is not an option' };
  }
  return { path: path.join('.') || '(document)', message: issue.message };
}
