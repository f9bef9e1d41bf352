import type { StatusChange } from '@hexclave/contract';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AllSnapshot } from './status.ts';
import type { Follower, StatusEvent } from './status-follower.ts';
import { createTopic, type Topic } from './status-topic.ts';

const FIVE_MINUTES_MS = 300_000;

let emptied: number;
let topic: Topic<AllSnapshot>;

beforeEach(() => {
  vi.useFakeTimers();
  emptied = 0;
  topic = createTopic<AllSnapshot>(() => {
    emptied += 1;
  });
});

afterEach(() => {
  topic.end('server_stopping');
  vi.useRealTimers();
});

/** Only the time is looked at: what a snapshot is made of is nothing to a topic. */
const at = (at_millis: number) => ({ scope: 'all', at_millis }) as AllSnapshot;
const change = (at_millis: number): StatusChange => ({ scope: 'all', at_millis });

function tell(count: number, from = 1): void {
  for (let n = from; n < from + count; n++) topic.update(at(n), change(n));
}

/** What a follower that has begun has been sent, up to a mark that is put behind it. */
async function received(follower: Follower): Promise<StatusEvent[]> {
  const events: StatusEvent[] = [];
  const MARK = -1;
  topic.update(at(MARK), change(MARK));
  for (;;) {
    const event = await follower.next();
    if (event === null || (event.kind === 'change' && event.data.at_millis === MARK)) return events;
    events.push(event);
  }
}

const idOf = (event: StatusEvent | null) => (event !== null && 'id' in event ? event.id : undefined);
const changes = (events: readonly StatusEvent[]) =>
  events.flatMap((event) => (event.kind === 'change' ? [event.data.at_millis] : []));

test('begins with the next look, and not with an old one', async () => {
  topic.update(at(1), null);
  const follower = topic.follow(undefined);
  topic.update(at(2), change(2));
  expect(await follower.next()).toMatchObject({ kind: 'snapshot', data: { at_millis: 2 } });
  tell(1, 3);
  expect(await follower.next()).toMatchObject({ kind: 'change', data: { at_millis: 3 } });
});

test('nothing is told while nothing changes, except that the stream is alive', async () => {
  const follower = topic.follow(undefined);
  topic.update(at(1), null);
  expect((await follower.next())?.kind).toBe('snapshot');
  for (let n = 2; n < 10; n++) topic.update(at(n), null);
  vi.advanceTimersByTime(5_000);
  topic.update(at(10), null);
  expect((await received(follower)).map(({ kind }) => kind)).toEqual(['heartbeat']);
});

test('who comes back gets what was missed, and nothing twice', async () => {
  const first = topic.follow(undefined);
  tell(1);
  const id = idOf(await first.next());
  first.close();
  tell(3, 2);
  expect(changes(await received(topic.follow(id)))).toEqual([2, 3, 4]);
});

test('who was away for more than is kept, or comes from elsewhere, begins anew', async () => {
  const first = topic.follow(undefined);
  tell(1);
  const id = idOf(await first.next());
  first.close();
  tell(65, 2);
  for (const unknown of [id, 'another.1', '']) {
    const follower = topic.follow(unknown);
    topic.update(at(99), null);
    expect(await follower.next()).toMatchObject({ kind: 'snapshot', data: { at_millis: 99 } });
  }
});

test('who does not read is ended, and others are not', async () => {
  const slow = topic.follow(undefined);
  const quick = topic.follow(undefined);
  topic.update(at(0), null);
  expect((await quick.next())?.kind).toBe('snapshot');
  for (let n = 1; n <= 70; n++) {
    tell(1, n);
    expect(await quick.next()).toMatchObject({ kind: 'change', data: { at_millis: n } });
  }
  expect(await slow.next()).toEqual({ kind: 'end', data: { reason: 'too_slow' } });
  expect(await slow.next()).toBeNull();
  expect(topic.followers).toBe(1);
});

test('after five minutes a follower has to come back with its key', async () => {
  const follower = topic.follow(undefined);
  vi.advanceTimersByTime(FIVE_MINUTES_MS - 1);
  expect(topic.followers).toBe(1);
  vi.advanceTimersByTime(1);
  expect(await follower.next()).toEqual({ kind: 'end', data: { reason: 'time_is_up' } });
  expect(topic.followers).toBe(0);
});

test('says once that the last follower has gone', () => {
  const followers = [topic.follow(undefined), topic.follow(undefined)];
  followers[0]?.close();
  expect(emptied).toBe(0);
  followers[1]?.close();
  followers[1]?.close();
  expect(emptied).toBe(1);
});
