import type { StatusSnapshot } from '@hexclave/contract';
import { ApiError, applyStatusMessage, type StatusMessage } from '@hexclave/sdk';
import { useCallback, useSyncExternalStore } from 'react';
import { clientFor } from './clients.ts';
import { noteRefusal } from './session.ts';

type Snapshot<Scope extends StatusSnapshot['scope']> = Extract<StatusSnapshot, { scope: Scope }>;

/** What is known at the moment of a status that is followed live. */
export type LiveStatus<Scope extends StatusSnapshot['scope'] = StatusSnapshot['scope']> = {
  status: Snapshot<Scope> | undefined;
  /** `lost`: what is known grows old, and a new connection is tried. `ended`: none will be; `error` says why. */
  connection: 'connecting' | 'live' | 'lost' | 'ended';
  error?: Error;
  /** By how much the server's clock is ahead of this one, in ms. */
  clockAheadMs: number;
};

type Key = { scope: StatusSnapshot['scope']; projectId: string };
type Listener = () => void;

const NOTHING: LiveStatus = { status: undefined, connection: 'connecting', clockAheadMs: 0 };
/** From one page to the next, the connection stays. */
const LINGER_MS = 3_000;
const RETRY_MS = 3_000;

/** One connection, shared by everything on the pages that looks at the same status. */
class StatusFeed {
  #current: LiveStatus = NOTHING;
  readonly #listeners = new Set<Listener>();
  readonly #messageListeners = new Set<(message: StatusMessage) => void>();
  #stop: AbortController | undefined;

  constructor(readonly key: Key) {}

  readonly get = (): LiveStatus => this.#current;

  readonly subscribe = (listener: Listener): Listener => this.#add(this.#listeners, listener);

  /** Each message as it comes, for whoever keeps more than the stream does. */
  onMessage(listener: (message: StatusMessage) => void): Listener {
    return this.#add(this.#messageListeners, listener);
  }

  #add<T>(set: Set<T>, listener: T): Listener {
    set.add(listener);
    this.#resume();
    return () => {
      set.delete(listener);
      setTimeout(() => this.#stopUnlessUsed(), LINGER_MS);
    };
  }

  #stopUnlessUsed(): void {
    if (this.#listeners.size + this.#messageListeners.size > 0) return;
    this.#stop?.abort();
    this.#stop = undefined;
  }

  async #follow(): Promise<void> {
    const stop = new AbortController();
    this.#stop = stop;
    if (this.#current.connection !== 'lost') this.#set({ ...this.#current, connection: 'connecting' });
    try {
      const query = { scope: this.key.scope } as const;
      const messages = clientFor(this.key.projectId).dbSync.watch(query, { signal: stop.signal });
      for await (const message of messages) this.#take(message);
    } catch (error) {
      if (!stop.signal.aborted) this.#fail(error as Error);
    } finally {
      if (this.#stop === stop) this.#stop = undefined;
    }
  }

  /** The first connection could not be made, or the server has refused: only the former passes. */
  #fail(error: Error): void {
    const isRefused = error instanceof ApiError && error.status < 500 && error.status !== 429;
    this.#set({ ...this.#current, connection: isRefused ? 'ended' : 'lost', error });
    noteRefusal(error);
    if (!isRefused) setTimeout(() => this.#resume(), RETRY_MS);
  }

  #resume(): void {
    const isUsed = this.#listeners.size + this.#messageListeners.size > 0;
    if (isUsed && this.#stop === undefined) void this.#follow();
  }

  #take(message: StatusMessage): void {
    const status = applyStatusMessage(this.#current.status, message);
    if (message.type === 'disconnected') {
      this.#set({ ...this.#current, connection: 'lost', error: message.error });
    } else {
      this.#set({ status, connection: 'live', clockAheadMs: message.data.at_millis - Date.now() });
    }
    for (const listener of this.#messageListeners) listener(message);
  }

  #set(next: LiveStatus): void {
    this.#current = next;
    for (const listener of this.#listeners) listener();
  }
}

const feeds = new Map<string, StatusFeed>();

export function statusFeed(scope: StatusSnapshot['scope'], projectId: string): StatusFeed {
  const name = `${scope} ${projectId}`;
  const feed = feeds.get(name) ?? new StatusFeed({ scope, projectId });
  feeds.set(name, feed);
  return feed;
}

/** Of one project: all of its external databases. */
export function useProjectStatus(projectId: string): LiveStatus<'tenancy'> {
  return useFeed('tenancy', projectId) as LiveStatus<'tenancy'>;
}

/** Of all projects: for operators. */
export function useAllStatus(): LiveStatus<'all'> {
  return useFeed('all', 'internal') as LiveStatus<'all'>;
}

function useFeed(scope: StatusSnapshot['scope'], projectId: string): LiveStatus {
  const feed = statusFeed(scope, projectId);
  const subscribe = useCallback((listener: Listener) => feed.subscribe(listener), [feed]);
  return useSyncExternalStore(subscribe, feed.get);
}
