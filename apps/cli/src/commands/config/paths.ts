import { isObject } from '@hexclave/config';

type Document = Record<string, unknown>;

/** What is at a dotted path; undefined if there is nothing. */
export function valueAt(document: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce((value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined), document);
}

/** Dotted paths and values, those of objects one by one. */
export function flatten(value: unknown, prefix = ''): [path: string, value: unknown][] {
  if (!isObject(value) || Object.keys(value).length === 0) return [[prefix, value]];
  return Object.entries(value).flatMap(([key, inner]) => flatten(inner, prefix === '' ? key : `${prefix}.${key}`));
}

/**
 * The changes by dotted paths that make `before` to `after`; null removes. An external database is one value: the API
 * fills in what it knows of its connection.
 */
export function changesBetween(before: Document, after: Document, prefix = ''): Record<string, unknown> {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return Object.assign(
    {},
    ...keys.map((key) => changeOf(before[key], after[key], prefix === '' ? key : `${prefix}.${key}`)),
  );
}

function changeOf(before: unknown, after: unknown, path: string): Record<string, unknown> {
  if (JSON.stringify(before) === JSON.stringify(after)) return {};
  if (after === undefined) return { [path]: null };
  if (isObject(before) && isObject(after) && !isExternalDatabase(path)) return changesBetween(before, after, path);
  return { [path]: after };
}

/** The path of an external database as a whole. */
export function isExternalDatabase(path: string): boolean {
  return /^dbSync\.externalDatabases\.[^.]+$/.test(path);
}
