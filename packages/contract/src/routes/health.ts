import { z } from '@hono/zod-openapi';
import { defineRoute } from '../route.ts';

export const getHealth = defineRoute({
  method: 'get',
  path: '/health',
  access: 'public',
  tag: 'Health',
  summary: 'Ask whether the server can reach its database',
  status: 200,
  reply: z.object({ status: z.literal('ok') }).openapi('Health'),
  errors: [],
});
