import { quoteIdentifier as id } from '@hexclave/db';
import type { RoleNames, RoleSql } from '@hexclave/sync';

/** Two for each server process; see docs/guide/connect-your-database.md. */
const CONNECTION_LIMIT = 4;

/** The role of the guide, which may not even create schemas; see `Destination.roleSql`. */
export function roleSql({ role, database, schema }: RoleNames): RoleSql {
  return {
    statements: [
      {
        sql: `CREATE ROLE ${id(role)} LOGIN CONNECTION LIMIT ${CONNECTION_LIMIT};`,
        why: 'It sees none of your tables. Each process of the server uses up to two connections.',
      },
      {
        sql: `GRANT CONNECT, TEMPORARY ON DATABASE ${id(database)} TO ${id(role)};`,
        why: 'Rows in bulk go through temporary tables.',
      },
      { sql: `CREATE SCHEMA ${id(schema)};`, why: 'You own it; the role only works in it.' },
      { sql: grantOnSchema(schema, role), why: 'The role owns the tables that it creates.' },
    ],
    setPassword: `\\password ${id(role)}`,
  };
}

export function grantOnSchema(schema: string, role: string): string {
  return `GRANT USAGE, CREATE ON SCHEMA ${id(schema)} TO ${id(role)};`;
}
