import { apiKeysOf } from './api/api-keys.ts';
import { configOf } from './api/config.ts';
import { contactChannelsOf } from './api/contact-channels.ts';
import { dbSyncOf } from './api/db-sync.ts';
import { currentProjectOf, projectsOf } from './api/projects.ts';
import { teamsOf } from './api/teams.ts';
import { usersOf } from './api/users.ts';
import { createCall } from './call.ts';
import { type ClientOptions, settingsOf } from './options.ts';
import type { CallOptions } from './transport.ts';

/** Everything that the API offers, by what it is about. See {@link createClient}. */
export type Client = ReturnType<typeof createClient>;

/**
 * A client of one project of one server. It holds no connection and needs no closing.
 *
 * Each call takes an `AbortSignal` and a time-out, and is sent again where that does no harm. It rejects with an
 * `ApiError` when the server refuses, and with a `HexclaveError` when there is no usable answer. No error has a key in it.
 *
 * @throws {HexclaveError} CLIENT_MISCONFIGURED
 */
export function createClient(options: ClientOptions = {}) {
  const settings = settingsOf(options);
  const call = createCall(settings);
  return {
    users: usersOf(call),
    contactChannels: contactChannelsOf(call),
    teams: teamsOf(call),
    config: configOf(call),
    dbSync: dbSyncOf(call, settings),
    /** The client's own project. */
    project: currentProjectOf(call),
    apiKeys: apiKeysOf(call),
    /** All projects: with the key of the project `internal`. */
    projects: projectsOf(call),
    /** Resolves while the server can reach its database. */
    health: (callOptions?: CallOptions) => call('getHealth', {}, callOptions),
    /** Any route, by its name in the OpenAPI document’s source. */
    call,
  };
}
