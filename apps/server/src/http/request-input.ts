import { type AnyRoute, KnownError, schemaError } from '@hexclave/contract';
import type { Context } from 'hono';
import type { z } from 'zod';
import { parseStrictJson, StrictJsonError } from '../json/strict-json.ts';
import type { HttpEnvironment } from './environment.ts';

type RequestContext = Context<HttpEnvironment>;
type Input = { params: unknown; query: unknown; body: unknown };

const MAX_ISSUES = 10;

/** Reads and checks what a request of the route carries. Throws a known error unless all of it is as the schemas say. */
export async function readInput(c: RequestContext, route: AnyRoute): Promise<Input> {
  return {
    params: route.params && check(route.params, readParams(c), 'path'),
    query: route.query && check(route.query, readQuery(c), 'query'),
    body: route.body && check(route.body, await readBody(c), 'body'),
  };
}

function readParams(c: RequestContext): Record<string, string> {
  const params: Record<string, string> = c.req.param();
  if (params.user_id === 'me') throw new KnownError('CANNOT_GET_OWN_USER_WITHOUT_USER', {});
  for (const [name, value] of Object.entries(params)) assertText(`path.${name}`, value);
  return params;
}

function readQuery(c: RequestContext): Record<string, string> {
  const entries = Object.entries(c.req.queries()).map(([name, values]) => {
    if (values.length > 1) throw schemaError(`query.${name.slice(0, 100)}`, 'is given more than once');
    const value = values[0] ?? '';
    assertText(`query.${name.slice(0, 100)}`, value);
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}

function assertText(path: string, text: string): void {
  if (text.includes('\u0000')) throw schemaError(path, 'contains a NUL character, which cannot be stored');
}

async function readBody(c: RequestContext): Promise<unknown> {
  const contentType = c.req.header('content-type') ?? '';
  if (!/^application\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(contentType)) {
    throw new KnownError('BODY_PARSING_ERROR', {
      message: 'The body must be JSON, with content-type: application/json.',
    });
  }
  return parseBody(decodeUtf8(await c.req.arrayBuffer()));
}

function decodeUtf8(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new KnownError('BODY_PARSING_ERROR', { message: 'The body is not valid UTF-8.' });
  }
}

function parseBody(text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    throw new KnownError('BODY_PARSING_ERROR', { message: `The body ${error.message}.` });
  }
}

function check(schema: z.ZodType, value: unknown, source: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, MAX_ISSUES).flatMap((issue) => describe(issue, source));
  const message = issues.map((issue) => `${issue.path}: ${issue.message}`).join('\n');
  throw new KnownError('SCHEMA_ERROR', { message, issues });
}

function describe(issue: z.core.$ZodIssue, source: string): { path: string; message: string }[] {
  const path = [source, ...issue.path.map(String)].join('.');
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  return issue.keys
    .slice(0, MAX_ISSUES)
    .map((key) => ({ path: `${path}.${key.slice(0, 100)}`, message: 'is not a field that can be set here' }));
}
