import type { Call } from '../call.ts';
import type { CallOptions } from '../transport.ts';

/** From dotted paths to values; null removes what is at the path. */
export type ConfigChanges = Readonly<Record<string, unknown>>;

/** A project’s configuration: docs/reference/project-config.md. Connection strings can be set and are never returned. */
export function configOf(call: Call) {
  return {
    /** What is in force: what has been set, completed with the defaults. */
    get: async (options?: CallOptions) => parse((await call('getConfig', {}, options)).config_string),
    /** What has been set. */
    getOverride: async (options?: CallOptions) => parse((await call('getConfigOverride', {}, options)).config_string),
    /** `update({ 'dbSync.externalDatabases.main': { type: 'postgres', connectionString } })` */
    update: (changes: ConfigChanges, options?: CallOptions) =>
      call('patchConfigOverride', { body: { config_override_string: JSON.stringify(changes) } }, options),
  };
}

function parse(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}
