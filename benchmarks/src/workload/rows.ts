import { createHash } from 'node:crypto';

/** The ten columns, in the order in which both sides have them. */
export const COLUMNS = [
  'id',
  'display_name',
  'profile_image_url',
  'primary_email',
  'primary_email_verified',
  'signed_up_at',
  'client_metadata',
  'client_read_only_metadata',
  'server_metadata',
  'is_anonymous',
] as const;

const COLUMN_DDL = `id uuid NOT NULL, display_name text, profile_image_url text, primary_email text,
  primary_email_verified boolean NOT NULL, signed_up_at timestamptz NOT NULL, client_metadata jsonb,
  client_read_only_metadata jsonb, server_metadata jsonb, is_anonymous boolean NOT NULL`;

/** The table as logical replication copies it. */
export function plainTableSql(table: string): string {
  return `CREATE TABLE ${table} (${COLUMN_DDL}, PRIMARY KEY (id))`;
}

/** The table as Hexclave keeps its own: led by the tenancy, which no target has. */
export function tenancyTableSql(table: string): string {
  return `CREATE TABLE ${table} ("tenancyId" uuid NOT NULL, ${COLUMN_DDL}, PRIMARY KEY ("tenancyId", id))`;
}

/** Rows `from` to `to` of the seed as a SELECT: about 450 bytes each, and the same wherever it runs. */
export function rowsSql(seed: number, from: number, to: number): string {
  const hash = (salt: string) => `md5('${seed}:' || n || '${salt}')`;
  const document = (salt: string) => `jsonb_build_object('plan', left(${hash(`${salt}1`)}, 8), 'visits', n % 1000,
    'tags', jsonb_build_array(left(${hash(`${salt}2`)}, 12), right(${hash(`${salt}2`)}, 12)))`;
  return `SELECT ${hash('')}::uuid AS id, 'User ' || left(${hash('name')}, 12) AS display_name,
    'https://images.example.com/' || ${hash('image')} || '.png' AS profile_image_url, left(${hash('mail')}, 16) || '@example.com' AS primary_email,
    n % 3 > 0 AS primary_email_verified, timestamptz '2024-01-01 00:00Z' + n * interval '1 second' AS signed_up_at, ${document('a')} AS client_metadata,
    ${document('b')} AS client_read_only_metadata, ${document('c')} AS server_metadata, n % 10 = 0 AS is_anonymous
  FROM generate_series(${from}::bigint, ${to}::bigint) n`;
}

/** The id of row `n`, as {@link rowsSql} makes it. */
export function rowId(seed: number, n: number): string {
  const hex = createHash('md5').update(`${seed}:${n}`).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** One new row with random values, in the order of {@link COLUMNS}. */
export function randomRow(random: () => number): unknown[] {
  const hex = (length: number) => Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');
  const document = () =>
    JSON.stringify({ plan: hex(8), tags: [hex(12), hex(12)], visits: Math.floor(random() * 1000) });
  const id = `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`;
  return [
    ...[id, `User ${hex(12)}`, `https://images.example.com/${hex(32)}.png`, `${hex(16)}@example.com`],
    ...[random() > 0.3, new Date(1.7e12 + random() * 1e10), document(), document(), document(), random() < 0.1],
  ];
}

/** A small seeded generator (mulberry32): the same run again with the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
