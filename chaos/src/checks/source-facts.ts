import type { Queryable } from '@hexclave/db';

/** A number that was handed out: to a version of a row, or to the tombstone of a deletion. */
export type Numbered = {
  readonly number: bigint;
  readonly epoch: string;
  readonly source: string;
  readonly key: string;
  /** `null` for a tombstone. */
  readonly version: bigint | null;
  /** The transaction that deleted the row. */
  readonly deletedIn: string | null;
  /** When, in ms since 1970. */
  readonly at: number;
};

/** A row that was deleted, or got another key, in its version then. */
export type Removed = {
  readonly source: string;
  readonly key: string;
  readonly version: bigint;
  readonly deletedIn: string;
};

/** A time that a restore of the internal database has undone. */
export type Undone = {
  /** Versions `after < version <= through` were written then. */
  readonly after: bigint;
  readonly through: bigint;
  /** When the backup was made, in ms since 1970, and the epochs that there were. */
  readonly since: number;
  readonly epochs: readonly string[];
};

/** What the source knows of one tenancy. */
export type SourceFacts = {
  readonly numbered: readonly Numbered[];
  readonly removed: readonly Removed[];
  /** Ids, oldest first. */
  readonly epochs: readonly string[];
  readonly undone: readonly Undone[];
};

export async function readSourceFacts(
  db: Queryable,
  tenancyId: string,
  undone: readonly Undone[],
): Promise<SourceFacts> {
  const [numbered, removed, epochs] = await Promise.all([
    db.query<Numbered>(
      'SELECT number, epoch, source, key, version, deleted_in AS "deletedIn", extract(epoch FROM at)::float8 * 1000 AS at FROM chaos.numbered WHERE tenancy = $1 ORDER BY number',
      [tenancyId],
    ),
    db.query<Removed>(
      'SELECT source, key, version, deleted_in AS "deletedIn" FROM chaos.removed WHERE tenancy = $1 AND version IS NOT NULL',
      [tenancyId],
    ),
    db.query<{ id: string }>('SELECT "id" FROM "SequenceEpoch" ORDER BY "ordinal"'),
  ]);
  return { numbered, removed, epochs: epochs.map(({ id }) => id), undone };
}

/** The same, arranged for questions. */
export type SourceIndex = {
  /** Whether a position of this epoch, reached at this moment, can be judged: a restore has forgotten what it stood for. */
  canJudge(epoch: string, at: number): boolean;
  /** What a reader at `to` must have that one at `after` need not. */
  numbered(source: string, after: bigint, to: { epoch: string; cursor: bigint }): Iterable<Numbered>;
  /** Whether a row was deleted in this version or a later one. */
  wasRemoved(source: string, key: string, version: bigint): boolean;
  /** Whether a version is no newer than the oldest one that a transaction has deleted. */
  wasOlderThanDeletion(source: string, key: string, deletedIn: string | null, version: bigint): boolean;
  wasUndone(version: bigint): boolean;
  /** Whether a key got another number beyond `cursor`, by the time `by`: then that one brings its row. */
  wasNumberedAgain(source: string, key: string, cursor: bigint, by: number): boolean;
};

export function createSourceIndex({ numbered, removed, epochs, undone }: SourceFacts): SourceIndex {
  const ordinals = new Map(epochs.map((epoch, ordinal) => [epoch, ordinal]));
  const bySource = new Map<string, Numbered[]>();
  const byKey = new Map<string, Numbered[]>();
  for (const one of numbered) {
    addTo(bySource, one.source, one);
    addTo(byKey, `${one.source}/${one.key}`, one);
  }
  const newestRemoved = new Map<string, bigint>();
  const oldestRemovedIn = new Map<string, bigint>();
  for (const { source, key, version, deletedIn } of removed) {
    const place = `${source}/${key}`;
    const within = `${place}/${deletedIn}`;
    newestRemoved.set(place, larger(newestRemoved.get(place), version));
    oldestRemovedIn.set(within, smaller(oldestRemovedIn.get(within), version));
  }
  return {
    canJudge: (epoch, at) =>
      ordinals.has(epoch) && !undone.some(({ since, epochs: before }) => at >= since && before.includes(epoch)),
    numbered: function* (source, after, to) {
      const latest = ordinals.get(to.epoch) ?? -1;
      const all = bySource.get(source) ?? [];
      for (let place = firstAfter(all, after); place < all.length; place++) {
        const one = all[place];
        if (one === undefined || one.number > to.cursor) return;
        if ((ordinals.get(one.epoch) ?? 0) <= latest) yield one;
      }
    },
    wasRemoved: (source, key, version) => (newestRemoved.get(`${source}/${key}`) ?? -1n) >= version,
    wasOlderThanDeletion: (source, key, deletedIn, version) =>
      version <= (oldestRemovedIn.get(`${source}/${key}/${deletedIn}`) ?? -1n),
    wasNumberedAgain: (source, key, cursor, by) =>
      (byKey.get(`${source}/${key}`) ?? []).some(({ number, at }) => number > cursor && at <= by),
    wasUndone: (version) => undone.some(({ after, through }) => after < version && version <= through),
  };
}

function addTo(groups: Map<string, Numbered[]>, name: string, one: Numbered): void {
  const group = groups.get(name);
  if (group === undefined) groups.set(name, [one]);
  else group.push(one);
}

const larger = (a: bigint | undefined, b: bigint) => (a === undefined || b > a ? b : a);
const smaller = (a: bigint | undefined, b: bigint) => (a === undefined || b < a ? b : a);

/** The first place whose number is above `after`, in a list in the order of numbers. */
function firstAfter(all: readonly Numbered[], after: bigint): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((all[middle]?.number ?? 0n) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
