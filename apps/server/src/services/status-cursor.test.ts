import { randomUUID } from 'node:crypto';
import type { ListPosition } from '@hexclave/sync';
import { expect, test } from 'vitest';
import { decodePosition, encodePosition } from './status-cursor.ts';

const tenancyId = randomUUID();
const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each<ListPosition>([
  { kind: 'attention', tenancyId, state: 'failing', since: new Date('2026-01-01T12:00:00.007Z') },
  { kind: 'attention', tenancyId, state: 'paused', since: null },
  { kind: 'lag', tenancyId, oldest: 2n ** 63n - 1n },
  { kind: 'name', name: 'größe "1" & ?', projectId: 'a/b', tenancyId },
])('a place comes back as it was: %o', (place) => {
  expect(decodePosition(encodePosition(place))).toEqual(place);
});

test('a place is text that can stand in an address as it is', () => {
  const cursor = encodePosition({ kind: 'name', name: '?&/+ü', projectId: '>>>', tenancyId });
  expect(encodeURIComponent(cursor)).toBe(cursor);
});

test.each<[string, string]>([
  ['nothing', ''],
  ['no base64', '%%%'],
  ['no JSON', Buffer.from('{').toString('base64url')],
  ['another kind', text({ kind: 'number', tenancyId })],
  ['a state that needs no attention', text({ kind: 'attention', tenancyId, state: 'fresh', since: null })],
  ['no id', text({ kind: 'attention', tenancyId: 'x', state: 'failing', since: null })],
  ['a field too much', text({ kind: 'name', name: 'a', projectId: 'b', tenancyId, admin: true })],
  ['text that PostgreSQL refuses', text({ kind: 'name', name: 'a\u0000', projectId: 'b', tenancyId })],
  ['a time that is none', text({ kind: 'attention', tenancyId, state: 'failing', since: 9e15 })],
  ['a number that is none', text({ kind: 'lag', tenancyId, oldest: 'x' })],
  ['a number that PostgreSQL refuses', text({ kind: 'lag', tenancyId, oldest: String(2n ** 63n) })],
])('%s is no cursor', (_, cursor) => {
  expect(decodePosition(cursor)).toBeUndefined();
});
