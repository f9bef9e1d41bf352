import type { Context } from '../../context.ts';
import { type StoredKeys, writeConfigFile } from '../../settings/config-file.ts';

/** Adds keys of a project to those of the configuration file. Returns where that is. */
export async function storeKeys(projectId: string, keys: StoredKeys, context: Context): Promise<string> {
  const { configPath, configFile } = await context.settings();
  const before = Object.hasOwn(configFile.projects, projectId) ? configFile.projects[projectId] : {};
  const projects = { ...configFile.projects, [projectId]: { ...before, ...keys } };
  await writeConfigFile(configPath, { ...configFile, projects });
  return configPath;
}
