import { isObject } from '@hexclave/config';
import type { Suggestion } from '../declare/command.ts';
import type { Settings } from '../settings/settings.ts';
import { INTERNAL_PROJECT_ID } from '../settings/settings.ts';
import type { Candidate } from './candidates.ts';

/** Somebody waits with a finger on the tab key. */
const PATIENCE = { timeoutMs: 1_500, maxAttempts: 1 };

/** Choices that only the server knows; none if it does not say so at once. */
export async function suggestionsOf(kind: Suggestion, settings: Settings): Promise<Candidate[]> {
  const { adminApi, operatorApi } = await import('../api.ts');
  if (kind === 'external-databases') {
    const { config_string: text } = await adminApi(settings).call('getConfig', {}, PATIENCE);
    const { dbSync } = JSON.parse(text) as { dbSync?: { externalDatabases?: unknown } };
    const databases = dbSync?.externalDatabases;
    return isObject(databases) ? Object.keys(databases).map((value) => ({ value, summary: 'external database' })) : [];
  }
  if (kind === 'projects') {
    const known = Object.keys(settings.configFile.projects).map((value) => ({ value, summary: '' }));
    if (settings.keysOf(INTERNAL_PROJECT_ID).superSecretAdminKey === undefined) return known;
    const { items } = await operatorApi(settings).call('listProjects', { query: { limit: 200 } }, PATIENCE);
    return items.map(({ id, display_name: name }) => ({ value: id, summary: name }));
  }
  return [];
}
