import type { DestinationFailure, TargetTable } from '@hexclave/sync';
import { classify } from './classify.ts';

/** What became of each table, by mapping. */
export type PerTable<T> = Map<string, T | DestinationFailure>;

/**
 * Does something for all tables at once; if that fails, for each by itself: so it costs one round trip however many tables
 * there are, and still one table's error does not hide the others. `work` changes all of its tables or none.
 */
export async function jointly<Item extends { readonly target: TargetTable }, T>(
  items: readonly Item[],
  work: (items: readonly Item[]) => Promise<PerTable<T>>,
): Promise<PerTable<T>> {
  const together = items.length > 1 ? await attempt(items, work) : null;
  return together ?? oneByOne(items, work);
}

async function attempt<Item, T>(items: readonly Item[], work: (items: readonly Item[]) => Promise<PerTable<T>>) {
  try {
    return await work(items);
  } catch (error) {
    throwIfOfAll(error);
    return null;
  }
}

/** The same for each by itself. */
export async function oneByOne<Item extends { readonly target: TargetTable }, T>(
  items: readonly Item[],
  work: (items: readonly Item[]) => Promise<PerTable<T>>,
): Promise<PerTable<T>> {
  const all: PerTable<T> = new Map();
  for (const item of items) {
    try {
      for (const [mapping, result] of await work([item])) all.set(mapping, result);
    } catch (error) {
      all.set(item.target.mapping, { failure: throwIfOfAll(error) });
    }
  }
  return all;
}

function throwIfOfAll(error: unknown) {
  const failure = classify(error);
  if (failure.scope === 'connection') throw failure;
  return failure;
}
