import { KnownError, type ProjectSyncStatus } from '@hexclave/contract';
import { createWaker } from '@hexclave/sync';
import type { AllSnapshot, StatusReader } from './status.ts';
import { changeOfAll, changeOfProject } from './status-changes.ts';
import type { EndableFollower } from './status-follower.ts';
import { createTopic, type Topic } from './status-topic.ts';

/**
 * Looks at what is followed, once for all who follow it. However many there are, the internal database is asked the same:
 * one snapshot of all followed projects, and one of the whole.
 */
export type StatusHub = {
  /** `tenancyId` `null`: all projects. @throws {KnownError} RATE_LIMITED */
  follow(tenancyId: string | null, lastEventId: string | undefined): EndableFollower;
  /** Something has just been synced: looks before its time. */
  wake(): void;
};

export type StatusHubOptions = {
  readonly reader: Pick<StatusReader, 'projects' | 'followed'>;
  /** Ends all streams. */
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
};

/** Between two looks, in ms: at most, and at least, however often it is woken. */
const LOOK_EVERY_MS = 1_000;
const LOOK_AT_MOST_EVERY_MS = 250;
/** What nobody follows any more is remembered for so long, for those that come back. */
const REMEMBERED_MS = 30_000;

/** Of all projects one by one. They never take the place of those who follow the whole: operators look when much is wrong. */
const MOST_FOLLOWERS = 500;
const MOST_FOLLOWERS_OF_ONE = 50;
const RETRY_AFTER_SECONDS = 10;

export function createStatusHub({ reader, signal, onError }: StatusHubOptions): StatusHub {
  const projects = new Map<string, Topic<ProjectSyncStatus>>();
  const waker = createWaker();
  let all: Topic<AllSnapshot> | null = null;
  let running = false;

  const topics = () => [...projects.values(), ...(all === null ? [] : [all])];
  const followersOfProjects = () => [...projects.values()].reduce((sum, topic) => sum + topic.followers, 0);
  const projectTopic = (tenancyId: string) => {
    const forget = () => {
      if (projects.get(tenancyId) === topic && topic.followers === 0) projects.delete(tenancyId);
    };
    const topic = createTopic<ProjectSyncStatus>(() => setTimeout(forget, REMEMBERED_MS).unref());
    projects.set(tenancyId, topic);
    return topic;
  };
  const wholeTopic = () => {
    const forget = () => {
      if (all?.followers === 0) all = null;
    };
    all = createTopic<AllSnapshot>(() => setTimeout(forget, REMEMBERED_MS).unref());
    return all;
  };

  const lookAtProjects = async () => {
    if (projects.size === 0) return;
    const statuses = await reader.projects([...projects.keys()]);
    for (const [tenancyId, topic] of projects) {
      const status = statuses.get(tenancyId);
      if (status !== undefined) topic.update(status, topic.snapshot && changeOfProject(topic.snapshot, status));
      else if (topic.snapshot !== null) topic.end('project_deleted');
    }
  };
  const lookAtAll = async () => {
    if (all === null) return;
    const before = all.snapshot;
    const { snapshot, settled } = await reader.followed(before?.projects.map(({ tenancy_id }) => tenancy_id) ?? []);
    all?.update(snapshot, before && changeOfAll(before, snapshot, settled));
  };
  const run = async () => {
    running = true;
    while (topics().length > 0 && !signal.aborted) {
      const lookedAt = performance.now();
      await Promise.all([lookAtProjects().catch(onError), lookAtAll().catch(onError)]);
      if (!(await waker.sleep(LOOK_EVERY_MS, signal))) continue;
      const early = LOOK_AT_MOST_EVERY_MS - (performance.now() - lookedAt);
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    }
    running = false;
  };
  signal.addEventListener(
    'abort',
    () => {
      for (const topic of topics()) topic.end('server_stopping');
    },
    { once: true },
  );

  return {
    follow: (tenancyId, lastEventId) => {
      const known = tenancyId === null ? all : projects.get(tenancyId);
      const isFull = tenancyId !== null && followersOfProjects() >= MOST_FOLLOWERS;
      if (isFull || (known?.followers ?? 0) >= MOST_FOLLOWERS_OF_ONE) {
        throw new KnownError('RATE_LIMITED', { retry_after_seconds: RETRY_AFTER_SECONDS });
      }
      const topic = known ?? (tenancyId === null ? wholeTopic() : projectTopic(tenancyId));
      const follower = topic.follow(lastEventId);
      if (signal.aborted) topic.end('server_stopping');
      // Whoever begins waits for the next look, which is then due.
      waker.wake();
      if (!running) void run();
      return follower;
    },
    wake: waker.wake,
  };
}
