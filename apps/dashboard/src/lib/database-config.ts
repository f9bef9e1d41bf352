import { ApiError } from '@hexclave/sdk';
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { clientFor } from './clients.ts';

export type TableConfig = { enabled: boolean; targetName?: string; omitColumns: string[] };

/** An external database as its project is configured, with the defaults filled in. */
export type DatabaseConfig = {
  type: string;
  connection?: { host: string; port: number; database: string; user: string };
  schema: string;
  tables: Record<string, TableConfig>;
  deleteMode: 'hard' | 'soft';
  paused: boolean;
};

/** The same as it is sent. Without a connection string the present one is kept. */
export type DatabaseInput = Pick<DatabaseConfig, 'type' | 'schema' | 'tables' | 'deleteMode'> & {
  connectionString?: string;
};

const DATABASES = 'dbSync.externalDatabases';

export const databaseConfigsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ['project', projectId, 'config'],
    queryFn: async ({ signal }) => {
      const config = (await clientFor(projectId).config.get({ signal })) as Config;
      return config.dbSync.externalDatabases;
    },
  });

/** The tables that there are to copy: others only once the server is another version. */
export const mappingsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ['project', projectId, 'mappings'],
    queryFn: ({ signal }) => clientFor(projectId).dbSync.mappings({ signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

type Config = { dbSync: { externalDatabases: Record<string, DatabaseConfig> } };

/** Adds, changes and removes external databases. */
export function useSaveDatabase(projectId: string) {
  const queryClient = useQueryClient();
  const refresh = () => {
    void queryClient.invalidateQueries({ queryKey: databaseConfigsQuery(projectId).queryKey });
    void queryClient.invalidateQueries({ queryKey: ['audit-log'] });
  };
  return {
    save: useMutation({
      mutationFn: ({ id, input }: { id: string; input: DatabaseInput }) =>
        clientFor(projectId).config.update(pathsOf(id, input)),
      onSuccess: refresh,
    }),
    remove: useMutation({
      mutationFn: (id: string) => clientFor(projectId).config.update({ [`${DATABASES}.${id}`]: null }),
      onSuccess: refresh,
    }),
  };
}

/** By single paths, so that what the form does not know of, such as a pause, stays as it is. */
function pathsOf(id: string, input: DatabaseInput): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).map(([option, value]) => [`${DATABASES}.${id}.${option}`, value]));
}

/** What is wrong with a database's options: path below it, `` for the id itself → words. */
export function configIssues(error: unknown, id: string): Record<string, string> {
  if (!(error instanceof ApiError) || error.code !== 'CONFIG_INVALID' || !Array.isArray(error.details.issues))
    return {};
  const issues = error.details.issues as { path: string; message: string }[];
  const prefixes = [`${DATABASES}.${id}`, 'external_database'];
  return Object.fromEntries(issues.map(({ path, message }) => [withoutPrefix(path, prefixes), message]));
}

function withoutPrefix(path: string, prefixes: readonly string[]): string {
  const prefix = prefixes.find((known) => path === known || path.startsWith(`${known}.`));
  return prefix === undefined ? path : path.slice(prefix.length + 1);
}
