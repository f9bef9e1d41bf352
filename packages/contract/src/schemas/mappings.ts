import { z } from '@hono/zod-openapi';

const column = z.object({
  name: z.string(),
  type: z.string().openapi({ description: 'The type in the external database.', example: 'timestamptz' }),
  is_key: z.boolean().openapi({ description: 'Of the primary key: cannot be left out.' }),
  is_nullable: z.boolean(),
});

export const mappingDescription = z
  .object({
    name: z.string().openapi({
      description: 'As in `dbSync.externalDatabases.<id>.tables`, and what the table is called unless renamed.',
    }),
    description: z.string().nullable().openapi({ description: 'One sentence.' }),
    columns: z.array(column),
  })
  .openapi('Mapping');

export const mappingList = z
  .object({ is_paginated: z.literal(false), items: z.array(mappingDescription) })
  .openapi('MappingList');

export type MappingDescription = z.output<typeof mappingDescription>;
export type MappingList = z.output<typeof mappingList>;
