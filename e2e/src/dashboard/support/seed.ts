import type { Queryable } from '@hexclave/db';

/**
 * Writes projects into the internal database as if their copies had been going on for long: most are fresh, some fail,
 * some are paused. For a server whose loops are off, since nothing behind their connections exists.
 */
export async function fillProjects(db: Queryable, count: number): Promise<void> {
  const id = `('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;
  const all = `FROM generate_series(1, ${count}) n`;
  const statements = [
    `INSERT INTO "Project" ("id", "displayName") SELECT ${id}::text, (ARRAY['Shop', 'Forum', 'Bakery', 'Clinic', 'Library'])[1 + n % 5] || ' ' || n ${all}`,
    `INSERT INTO "Tenancy" ("id", "projectId") SELECT ${id}, ${id}::text ${all}`,
    `INSERT INTO "ExternalDatabase" ("tenancyId", "id", "connectionCiphertext", "connectionKeyId", "connectionDisplay", "paused")
     SELECT ${id}, 'main', '', 'k', '{"host": "db.example.com", "port": 5432, "database": "shop", "user": "sync"}', n % 500 = 7 ${all}`,
    `INSERT INTO "ExternalDatabaseMappingState" ("tenancyId", "externalDatabaseId", "mapping", "phase", "appliedSequenceId", "rowsApplied", "lastAppliedAt")
     SELECT ${id}, 'main', m, 'stream', 1000, 10, now() - n * interval '7 seconds'
     ${all}, unnest(ARRAY['users', 'contact_channels', 'teams', 'team_member_profiles']) m`,
    `INSERT INTO "ExternalDatabaseState" ("tenancyId", "externalDatabaseId", "lastSucceededAt") SELECT ${id}, 'main', now() ${all}`,
    `UPDATE "ExternalDatabaseState" SET "errorCode" = 'TARGET_UNREACHABLE', "errorMessage" = 'Nobody answers at the address of the database.',
       "errorRemedy" = 'Start the database, or correct the address.', "failingSince" = now() - interval '12 minutes', "attempts" = 9
     WHERE "tenancyId" IN (SELECT ${id} FROM generate_series(1, ${count}, 400) n)`,
  ];
  for (const statement of statements) await db.query(statement);
}
