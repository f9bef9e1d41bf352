import type { ConfigIssue } from './project-config.ts';

/** A JSON object. */
export type ConfigDocument = { [key: string]: unknown };

export type OverrideResult = { ok: true; document: ConfigDocument } | { ok: false; issues: ConfigIssue[] };

const MAX_PATH_SEGMENTS = 16;
const UNSAFE_SEGMENTS = ['__proto__', 'constructor', 'prototype'];

/**
 * Sets each dotted path of `patch` in a copy of `document`, in order; null removes what is there, and so does a null
 * inside a value. A path through something that is not an object is refused rather than overwritten.
 */
export function applyOverride(document: ConfigDocument, patch: ConfigDocument): OverrideResult {
  const result = structuredClone(document);
  for (const [path, value] of Object.entries(patch)) {
    const problem = setAtPath(result, path, value);
    if (problem !== undefined) return { ok: false, issues: [{ path, message: problem }] };
  }
  return { ok: true, document: result };
}

function setAtPath(document: ConfigDocument, path: string, value: unknown): string | undefined {
  const segments = path.split('.');
  const last = segments.pop() as string;
  if (segments.length >= MAX_PATH_SEGMENTS) return 'is too deep';
  if ([...segments, last].some((segment) => segment === '' || UNSAFE_SEGMENTS.includes(segment))) {
    return 'is not a path: names are joined by single dots';
  }
  let parent = document;
  for (const segment of segments) {
    if (!Object.hasOwn(parent, segment)) {
      if (value === null) return undefined;
      parent[segment] = {};
    }
    const next = parent[segment];
    if (!isObject(next)) return `leads through "${segment}", which is not an object`;
    parent = next;
  }
  if (value === null) delete parent[last];
  else parent[last] = withoutNulls(value);
  return undefined;
}

function withoutNulls(value: unknown): unknown {
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([, child]) => child !== null);
  return Object.fromEntries(kept.map(([key, child]) => [key, withoutNulls(child)]));
}

export function isObject(value: unknown): value is ConfigDocument {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
