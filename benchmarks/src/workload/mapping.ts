import { type Catalog, catalog, hexclaveCatalog, mapping, trackedTable } from '@hexclave/sync';

/** A table of the shape that `users` has in an external database: 10 columns, three of them JSON, and no lookup. */
export const BENCH_TABLE = 'BenchRow';
export const BENCH_MAPPING = 'bench_rows';

const benchRow = trackedTable({ name: BENCH_TABLE, tenancyColumn: 'tenancyId', key: { id: 'uuid' } });

const benchRows = mapping({
  name: BENCH_MAPPING,
  table: benchRow,
  columns: {
    id: { type: 'uuid', from: 'id' },
    display_name: { type: 'text', from: 'display_name' },
    profile_image_url: { type: 'text', from: 'profile_image_url' },
    primary_email: { type: 'text', from: 'primary_email' },
    primary_email_verified: { type: 'boolean', from: 'primary_email_verified', notNull: true },
    signed_up_at: { type: 'timestamptz', from: 'signed_up_at', notNull: true },
    client_metadata: { type: 'jsonb', from: 'client_metadata' },
    client_read_only_metadata: { type: 'jsonb', from: 'client_read_only_metadata' },
    server_metadata: { type: 'jsonb', from: 'server_metadata' },
    is_anonymous: { type: 'boolean', from: 'is_anonymous', notNull: true },
  },
});

/** What the server syncs, and the benchmark's table beside it: every pass has the real number of tables to look at. */
export const benchCatalog: Catalog = catalog([...hexclaveCatalog.mappings, benchRows]);
