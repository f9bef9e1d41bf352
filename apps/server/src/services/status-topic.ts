import { randomUUID } from 'node:crypto';
import type { StatusChange, StatusEndReason, StatusSnapshot } from '@hexclave/contract';
import { createMailbox, type EndableFollower, type Mailbox, type StatusEvent } from './status-follower.ts';

/** What is followed: one project, or all. Its followers share whatever it costs to look. */
export type Topic<Snapshot extends StatusSnapshot> = {
  readonly followers: number;
  /** As it was when it was last looked at. */
  readonly snapshot: Snapshot | null;
  /** Notes how it is now, and tells the followers what is different. */
  update(snapshot: Snapshot, change: StatusChange | null): void;
  /** Begins with what was missed since an event, or else with everything. */
  follow(lastEventId: string | undefined): EndableFollower;
  end(reason: StatusEndReason): void;
};

/** So many changes are kept for followers that come back. */
const MOST_KEPT = 64;
const HEARTBEAT_MS = 5_000;
/** After that a follower has to connect anew, so that servers behind one address share them evenly again. */
const MOST_MS = 5 * 60_000;

type ChangeEvent = Extract<StatusEvent, { kind: 'change' }>;

export function createTopic<Snapshot extends StatusSnapshot>(onEmpty: () => void): Topic<Snapshot> {
  // Ids of another process, or of before this topic was last forgotten, are not mistaken for ours.
  const series = randomUUID();
  const mailboxes = new Map<Mailbox, NodeJS.Timeout>();
  const beginners = new Set<Mailbox>();
  const kept: ChangeEvent[] = [];
  let version = 0;
  let snapshot: Snapshot | null = null;
  let heartbeatAt = 0;
  const idOf = (of: number) => `${series}.${of}`;
  const tell = (event: StatusEvent) => {
    for (const mailbox of mailboxes.keys()) if (!beginners.has(mailbox)) mailbox.push(event);
  };
  const begin = () => {
    for (const mailbox of beginners) {
      if (snapshot !== null) mailbox.push({ kind: 'snapshot', id: idOf(version), data: snapshot });
    }
    beginners.clear();
  };
  /** `undefined`: not all of them are kept. */
  const missedSince = (id: string | undefined): ChangeEvent[] | undefined => {
    if (id === idOf(version)) return [];
    const index = kept.findIndex((event) => event.id === id);
    if (index >= 0) return kept.slice(index + 1);
    return id === idOf(version - kept.length) ? [...kept] : undefined;
  };

  return {
    get followers() {
      return mailboxes.size;
    },
    get snapshot() {
      return snapshot;
    },
    update: (next, change) => {
      snapshot = next;
      if (change !== null) {
        version += 1;
        const event: ChangeEvent = { kind: 'change', id: idOf(version), data: change };
        kept.push(event);
        if (kept.length > MOST_KEPT) kept.shift();
        tell(event);
      }
      const now = performance.now();
      if (now - heartbeatAt >= HEARTBEAT_MS) {
        heartbeatAt = now;
        tell({ kind: 'heartbeat', data: { at_millis: next.at_millis } });
      }
      begin();
    },
    follow: (lastEventId) => {
      const mailbox = createMailbox(() => {
        clearTimeout(mailboxes.get(mailbox));
        mailboxes.delete(mailbox);
        beginners.delete(mailbox);
        if (mailboxes.size === 0) onEmpty();
      });
      const timer = setTimeout(() => mailbox.end('time_is_up'), MOST_MS);
      timer.unref();
      mailboxes.set(mailbox, timer);
      const missed = lastEventId === undefined ? undefined : missedSince(lastEventId);
      if (missed === undefined) beginners.add(mailbox);
      else missed.forEach(mailbox.push);
      return mailbox;
    },
    end: (reason) => {
      for (const mailbox of [...mailboxes.keys()]) mailbox.end(reason);
    },
  };
}
