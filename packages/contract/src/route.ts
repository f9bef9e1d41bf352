import { createRoute, z } from '@hono/zod-openapi';
import { KNOWN_ERRORS, type KnownErrorCode } from './known-errors.ts';

/** Who may call an endpoint: anybody, whoever holds at least that key, or a machine of the operator's. */
export type Access = 'public' | 'client' | 'server' | 'admin' | MachineAccess;

/** `cron`: whoever knows the cron secret. `signature`: whoever can sign requests to the sync engine. */
export type MachineAccess = 'cron' | 'signature';

type Shape = z.ZodObject | undefined;

export type RouteDefinition<
  Params extends Shape,
  Query extends Shape,
  Body extends Shape,
  Reply extends z.ZodType,
  Step extends z.ZodType = z.ZodType,
> = {
  method: 'get' | 'post' | 'patch' | 'delete';
  /** Below /api/v1, with parameters in braces. */
  path: string;
  access: Access;
  /** Only for admins of the project `internal`. */
  internalOnly?: boolean;
  /** A limit of its own, by project, besides that of all requests. */
  limit?: 'connectionTests' | 'profiles';
  tag: string;
  summary: string;
  description?: string;
  params?: Params;
  query?: Query;
  body?: Body;
  status: 200 | 201;
  /** Default: JSON. Otherwise `reply` is the data of one event. */
  contentType?: 'text/event-stream';
  reply: Reply;
  /**
   * Told while it works to whoever asks for `text/event-stream`: each as the event `step`; then `result` comes with the
   * reply, or `error` with a known error.
   */
  steps?: Step;
  /** Errors beyond those that every endpoint can answer with. */
  errors: readonly KnownErrorCode[];
};

export type AnyRoute = RouteDefinition<Shape, Shape, Shape, z.ZodType>;

const EVENT_STREAM = 'text/event-stream';

/** One endpoint as data: checked by the server, described by the OpenAPI document. */
export function defineRoute<
  Reply extends z.ZodType,
  Params extends Shape = undefined,
  Query extends Shape = undefined,
  Body extends Shape = undefined,
  Step extends z.ZodType = z.ZodNever,
>(definition: RouteDefinition<Params, Query, Body, Reply, Step>): RouteDefinition<Params, Query, Body, Reply, Step> {
  return definition;
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

/** What a handler of the route is given, after validation. */
export type RouteInput<R> =
  R extends RouteDefinition<infer Params, infer Query, infer Body, z.ZodType>
    ? { params: Parsed<Params>; query: Parsed<Query>; body: Parsed<Body> }
    : never;

/** Fields that may be left out are those that the server fills in: values are given as the handler gets them. */
type Filled<S extends z.ZodType> = Pick<z.output<S>, RequiredKeys<z.input<S>> & keyof z.output<S>> &
  Partial<z.output<S>>;
type RequiredKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? never : K }[keyof T];
type Part<Name extends string, Value> = object extends Value ? { [K in Name]?: Value } : { [K in Name]: Value };

/** What a client sends: path and query with values (`limit: 10`, `desc: true`), the body as JSON. */
export type RouteRequest<R> =
  R extends RouteDefinition<infer Params, infer Query, infer Body, z.ZodType>
    ? (Params extends z.ZodType ? Part<'params', z.input<Params>> : unknown) &
        (Query extends z.ZodType ? Part<'query', Filled<Query>> : unknown) &
        (Body extends z.ZodType ? { body: z.input<Body> } : unknown)
    : never;

/** What a handler of the route must answer with. */
export type RouteReply<R> = R extends RouteDefinition<Shape, Shape, Shape, infer Reply> ? z.output<Reply> : never;

/** What a handler of the route tells while it works. */
export type RouteStep<R> =
  R extends RouteDefinition<Shape, Shape, Shape, z.ZodType, infer Step> ? z.output<Step> : never;

export const knownErrorSchema = z
  .object({
    code: z.string().openapi({ example: 'USER_NOT_FOUND' }),
    error: z.string().openapi({ description: 'What happened and what to do.' }),
    details: z.record(z.string(), z.unknown()).optional(),
  })
  .openapi('KnownError');

const ERRORS_OF_EVERY_ROUTE: KnownErrorCode[] = ['RATE_LIMITED', 'INTERNAL_ERROR', 'SERVICE_UNAVAILABLE'];
const ERRORS_OF_INPUT: KnownErrorCode[] = ['SCHEMA_ERROR'];
const ERRORS_OF_BODY: KnownErrorCode[] = ['BODY_PARSING_ERROR', 'BODY_TOO_LARGE'];
const ERRORS_OF_AUTHENTICATION: KnownErrorCode[] = [
  'ACCESS_TYPE_REQUIRED',
  'PROJECT_KEY_WITHOUT_ACCESS_TYPE',
  'INVALID_ACCESS_TYPE',
  'ACCESS_TYPE_WITHOUT_PROJECT_ID',
  'CURRENT_PROJECT_NOT_FOUND',
  'BRANCH_DOES_NOT_EXIST',
  'CONFLICTING_HEADERS',
];
const ERRORS_OF_KEYS: Record<Access, KnownErrorCode[]> = {
  public: [],
  client: ['PUBLISHABLE_CLIENT_KEY_REQUIRED_FOR_PROJECT', 'INVALID_PUBLISHABLE_CLIENT_KEY'],
  server: ['SERVER_AUTHENTICATION_REQUIRED', 'INVALID_SECRET_SERVER_KEY', 'INSUFFICIENT_ACCESS_TYPE'],
  admin: ['ADMIN_AUTHENTICATION_REQUIRED', 'INVALID_SUPER_SECRET_ADMIN_KEY', 'INSUFFICIENT_ACCESS_TYPE'],
  cron: ['INVALID_CRON_SECRET'],
  signature: ['INVALID_REQUEST_SIGNATURE'],
};
const ACCESS_BY_KEY: readonly Access[] = ['client', 'server', 'admin'];

/** Every known error that the route can answer with. */
export function errorsOf(route: AnyRoute): KnownErrorCode[] {
  return [
    ...route.errors,
    ...(route.params || route.query || route.body ? ERRORS_OF_INPUT : []),
    ...(route.body ? ERRORS_OF_BODY : []),
    ...(ACCESS_BY_KEY.includes(route.access) ? ERRORS_OF_AUTHENTICATION : []),
    ...ERRORS_OF_KEYS[route.access],
    ...(route.internalOnly ? (['EXPECTED_INTERNAL_PROJECT'] as const) : []),
    ...ERRORS_OF_EVERY_ROUTE,
  ];
}

const SECURITY: Record<Access, Record<string, string[]>[]> = {
  public: [],
  client: [{ accessType: [], projectId: [], publishableClientKey: [] }],
  server: [{ accessType: [], projectId: [], secretServerKey: [] }],
  admin: [{ accessType: [], projectId: [], superSecretAdminKey: [] }],
  cron: [{ cronSecret: [] }],
  signature: [{ requestSignature: [] }, { upstashSignature: [] }],
};

/** The route in the form that the OpenAPI generator takes. */
export function toOpenApiRoute(route: AnyRoute): ReturnType<typeof createRoute> {
  return createRoute({
    method: route.method,
    path: route.path,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description && { description: route.description }),
    security: SECURITY[route.access],
    request: {
      ...(route.params && { params: route.params }),
      ...(route.query && { query: route.query }),
      ...(route.body && { body: { required: true, content: { 'application/json': { schema: route.body } } } }),
    },
    responses: {
      [route.status]: {
        description: 'Success',
        content: {
          [route.contentType ?? 'application/json']: { schema: route.reply },
          ...(route.steps && { [EVENT_STREAM]: { schema: z.union([route.steps, route.reply, knownErrorSchema]) } }),
        },
      },
      ...errorResponses(errorsOf(route)),
    },
  });
}

function errorResponses(codes: KnownErrorCode[]) {
  const statuses = [...new Set(codes.map((code) => KNOWN_ERRORS[code].status))].sort((a, b) => a - b);
  const content = { 'application/json': { schema: knownErrorSchema } };
  return Object.fromEntries(
    statuses.map((status) => {
      const described = codes
        .filter((code) => KNOWN_ERRORS[code].status === status)
        .map((code) => `\`${code}\`: ${KNOWN_ERRORS[code].summary}`);
      return [status, { description: described.join('\n'), content }];
    }),
  );
}
