import { OpenAPIHono } from '@hono/zod-openapi';
import { headerNames, REQUEST_HEADERS } from './headers.ts';
import { type AnyRoute, toOpenApiRoute } from './route.ts';
import * as routes from './routes/index.ts';
import * as streamRoutes from './routes/status-stream.ts';
import * as syncRoutes from './routes/sync-pipeline.ts';

/** The parts of the API, in the order in which a reader meets them. */
const TAGS = [
  'Users',
  'Contact channels',
  'Teams',
  'Team memberships',
  'Team member profiles',
  'Config',
  'Projects',
  'API keys',
  'External DB Sync',
  'Controls',
  'Health',
];
const METHODS = ['post', 'get', 'patch', 'delete'];

/** Every route of the API, in reading order. */
export const ALL_ROUTES: readonly AnyRoute[] = (
  [...Object.values(routes), ...Object.values(streamRoutes), ...Object.values(syncRoutes)] as unknown as AnyRoute[]
).sort(
  (a, b) =>
    TAGS.indexOf(a.tag) - TAGS.indexOf(b.tag) ||
    METHODS.indexOf(a.method) - METHODS.indexOf(b.method) ||
    a.path.localeCompare(b.path),
);

export type OpenApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>;

function headerScheme(header: string, description: string) {
  const [current, legacy] = headerNames(header);
  return {
    type: 'apiKey' as const,
    in: 'header' as const,
    name: current,
    description: `${description} Also \`${legacy}\`.`,
  };
}

const SECURITY_SCHEMES = {
  accessType: headerScheme(REQUEST_HEADERS.accessType, '`client`, `server` or `admin`.'),
  projectId: headerScheme(REQUEST_HEADERS.projectId, 'The project that the request is about.'),
  publishableClientKey: headerScheme(REQUEST_HEADERS.publishableClientKey, '`pck_…`, for client access.'),
  secretServerKey: headerScheme(REQUEST_HEADERS.secretServerKey, '`ssk_…`, for server access.'),
  superSecretAdminKey: headerScheme(REQUEST_HEADERS.superSecretAdminKey, '`sak_…`, for admin access.'),
  cronSecret: { type: 'http' as const, scheme: 'bearer', description: 'The cron secret of the server.' },
  requestSignature: {
    type: 'apiKey' as const,
    in: 'header' as const,
    name: 'x-hexclave-signature',
    description: 'With `x-hexclave-timestamp` and `x-hexclave-request-id`.',
  },
  upstashSignature: { type: 'apiKey' as const, in: 'header' as const, name: 'upstash-signature' },
};

/** The API as OpenAPI 3.1, from the schemas that the server checks requests with. */
export function openApiDocument(version: string): OpenApiDocument {
  const generator = new OpenAPIHono();
  for (const route of ALL_ROUTES) generator.openAPIRegistry.registerPath(toOpenApiRoute(route));
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES)) {
    generator.openAPIRegistry.registerComponent('securitySchemes', name, scheme);
  }
  return generator.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Hexclave',
      version,
      description:
        'Projects, their users, contact channels and teams. Errors are answered as `{code, error, details}`, with the ' +
        'code also in the header `x-hexclave-known-error`. `/api/latest` is another name of `/api/v1`.',
      license: { name: 'MIT' },
    },
    servers: [{ url: '/api/v1' }],
    tags: TAGS.map((name) => ({ name })),
  });
}
