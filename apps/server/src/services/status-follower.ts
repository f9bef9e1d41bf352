import type { StatusChange, StatusEndReason, StatusSnapshot } from '@hexclave/contract';

/** One event of the stream, as it is sent. */
export type StatusEvent =
  | { readonly kind: 'snapshot'; readonly id: string; readonly data: StatusSnapshot }
  | { readonly kind: 'change'; readonly id: string; readonly data: StatusChange }
  | { readonly kind: 'heartbeat'; readonly data: { readonly at_millis: number } }
  | { readonly kind: 'end'; readonly data: { readonly reason: StatusEndReason } };

/** Who follows a status. */
export type Follower = {
  /** The next event; `null` after the last. */
  next(): Promise<StatusEvent | null>;
  close(): void;
};

/** One that somebody else may end. */
export type EndableFollower = Follower & { end(reason: StatusEndReason): void };

/** The hub's side of a follower. */
export type Mailbox = EndableFollower & { push(event: StatusEvent): void };

/** A follower that is so many events behind does not read them. */
const MOST_WAITING = 64;

/** Events wait here until they are taken. `onClosed` is called once. */
export function createMailbox(onClosed: () => void): Mailbox {
  const waiting: StatusEvent[] = [];
  let closed = false;
  let wake: (() => void) | null = null;
  const close = () => {
    if (closed) return;
    closed = true;
    onClosed();
    wake?.();
  };
  const end = (reason: StatusEndReason) => {
    if (closed) return;
    waiting.push({ kind: 'end', data: { reason } });
    close();
  };
  return {
    push: (event) => {
      if (closed) return;
      if (waiting.length >= MOST_WAITING) {
        waiting.length = 0;
        end('too_slow');
        return;
      }
      waiting.push(event);
      wake?.();
    },
    end,
    close,
    next: async () => {
      while (waiting.length === 0 && !closed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = null;
      }
      return waiting.shift() ?? null;
    },
  };
}
