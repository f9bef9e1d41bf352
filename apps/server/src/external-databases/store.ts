import type { ConnectionDisplay, ExternalDatabaseConfig, PostgresConnection } from '@hexclave/config';
import type { Queryable } from '@hexclave/db';

/** An external database as it is shown. */
export type ShownExternalDatabase = { id: string; connection: ConnectionDisplay; schema: string };

/** The key of an external database: ids are unique within a tenancy only. */
export type ExternalDatabaseKey = { tenancyId: string; id: string };

/** What was saved: whether the connection is another one than before. */
export type Saved = { readonly isNewConnection: boolean };

/** Where the connections of external databases are kept. All methods run in the caller's transaction, if it has one. */
export type ExternalDatabaseStore = {
  list(queryable: Queryable, tenancyId: string): Promise<ShownExternalDatabase[]>;
  /**
   * Makes the stored one equal to `config`, keeping the connection if it names none. The generation grows only when
   * something differs. One that does not exist yet must name a connection.
   */
  save(queryable: Queryable, key: ExternalDatabaseKey, config: ExternalDatabaseConfig): Promise<Saved>;
  /** Removes all databases of the tenancy but those named. */
  removeOthers(queryable: Queryable, tenancyId: string, keep: string[]): Promise<void>;
  /** The connection in the clear, for whoever is about to connect; `undefined` if there is none. */
  readConnection(queryable: Queryable, key: ExternalDatabaseKey): Promise<PostgresConnection | undefined>;
};
