import { z } from '@hono/zod-openapi';

export const configReply = z
  .object({
    config_string: z.string().openapi({
      description:
        'JSON. A connection string is never part of it: `connection` shows host, port, database and user instead.',
    }),
  })
  .openapi('Config');

export const configPatch = z
  .strictObject({
    config_override_string: z.string().max(1_048_576).openapi({
      description: 'A JSON object from dotted paths to values; null removes what is at the path.',
      example:
        '{"dbSync.externalDatabases.main":{"type":"postgres","connectionString":"postgresql://user:password@host/db"}}',
    }),
  })
  .openapi('ConfigPatch');

export const done = z.object({ success: z.literal(true) }).openapi('Done');
