import { ENDPOINTS } from '@hexclave/contract/endpoints';
import { misconfigured } from './errors.ts';
import type { ApiRequest } from './transport.ts';

/** What requests of every route consist of. */
export type RequestParts = {
  params?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, unknown>>;
  body?: unknown;
};

export function toApiRequest(name: keyof typeof ENDPOINTS, { params, query, body }: RequestParts): ApiRequest {
  const { method, path } = ENDPOINTS[name];
  return {
    method: method.toUpperCase(),
    path: `${fillIn(path, params ?? {})}${queryString(query ?? {})}`,
    ...(body !== undefined && { body }),
  };
}

function fillIn(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/\{([a-z_]+)\}/g, (_, name: string) => pathPart(name, params[name]));
}

/** Empty or of dots, it would make the address that of another endpoint. */
function pathPart(name: string, value: string | undefined): string {
  if (typeof value === 'string' && !/^\.{0,2}$/.test(value)) return encodeURIComponent(value);
  throw misconfigured(`The ${name} of the request is missing or is no id.`, 'Pass an id, as the API has returned it.');
}

function queryString(query: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return '';
  return `?${new URLSearchParams(Object.fromEntries(entries.map(([name, value]) => [name, String(value)])))}`;
}
