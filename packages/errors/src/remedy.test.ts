import { expect, test } from 'vitest';
import { type RemedyPart, splitRemedy } from './remedy.ts';

const words = (text: string): RemedyPart => ({ kind: 'words', text });
const sql = (text: string): RemedyPart => ({ kind: 'sql', text });

test.each<[string, string, RemedyPart[]]>([
  [
    'words before',
    'Run: ALTER TABLE "hexclave"."users" ADD COLUMN "a" text;',
    [words('Run:'), sql('ALTER TABLE "hexclave"."users" ADD COLUMN "a" text;')],
  ],
  [
    'words behind',
    'Run: CREATE DATABASE "shop" OWNER "sync"; or correct its name in the connection string.',
    [
      words('Run:'),
      sql('CREATE DATABASE "shop" OWNER "sync";'),
      words('or correct its name in the connection string.'),
    ],
  ],
  [
    'several statements',
    'CREATE SCHEMA "a";\nGRANT USAGE, CREATE ON SCHEMA "a" TO "b";',
    [sql('CREATE SCHEMA "a";\nGRANT USAGE, CREATE ON SCHEMA "a" TO "b";')],
  ],
  [
    'SQL at two places',
    'Who holds it: SELECT a.pid FROM a; To end them, run: SELECT pg_terminate_backend(a.pid) FROM a;',
    [
      words('Who holds it:'),
      sql('SELECT a.pid FROM a;'),
      words('To end them, run:'),
      sql('SELECT pg_terminate_backend(a.pid) FROM a;'),
    ],
  ],
  [
    'a command inside a sentence',
    'Connect to the primary; SELECT pg_is_in_recovery() says which it is. If it is, run: ALTER ROLE "r" SET a = off;',
    [
      words('Connect to the primary; SELECT pg_is_in_recovery() says which it is. If it is, run:'),
      sql('ALTER ROLE "r" SET a = off;'),
    ],
  ],
  [
    'names that look like the end, or like words',
    `Run: DROP SCHEMA "a; or: ""b…" CASCADE; SELECT 'it''s; so';`,
    [words('Run:'), sql(`DROP SCHEMA "a; or: ""b…" CASCADE; SELECT 'it''s; so';`)],
  ],
])('%s', (_, remedy, parts) => {
  expect(splitRemedy(remedy)).toEqual(parts);
});

test.each([
  'Check that it is running, that host and port are right.',
  'GRANT CREATE ON DATABASE … TO the role, or create the schema yourself and make the role its owner.',
  'GRANT CREATE ON DATABASE … TO role;',
  'Run: SELECT without an end',
  // Of all ways to read the doubled quotes, none is tried but one: this would take years.
  `Run: DROP SCHEMA "${'a""'.repeat(100)}" CASCADE`,
])('what cannot be run as it is stays words: %s', (remedy) => {
  expect(splitRemedy(remedy)).toEqual([words(remedy)]);
});
