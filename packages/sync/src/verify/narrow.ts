import type { KeyRange } from '../compile/fetch.ts';
import type { ComparableRows, Digest, Key } from '../destination.ts';

/** How many pieces a differing range is divided into. */
const PIECES = 16;
/** So few rows are told apart one by one. */
const FEW_ROWS = 128;

/** A range, and what each side says of it. */
export type ComparedRange = { readonly range: KeyRange; readonly source: Digest; readonly target: Digest };

export const EMPTY: Digest = { rows: 0, hash: '' };

/** No rows have one hash, whoever computes it or leaves it out. */
export function sameDigest(a: Digest, b: Digest): boolean {
  return a.rows === b.rows && (a.rows === 0 || a.hash === b.hash);
}

/**
 * The keys of the rows that make a range differ. Only candidates: the sides are not read at one moment. Costs two statements a
 * level; each level divides what differs by {@link PIECES}.
 */
export async function narrowDown(
  source: ComparableRows,
  target: ComparableRows,
  compared: ComparedRange,
): Promise<Key[]> {
  if (sameDigest(compared.source, compared.target)) return [];
  const most = Math.max(compared.source.rows, compared.target.rows);
  if (most <= FEW_ROWS) return differingKeys(source, target, compared.range, FEW_ROWS * 2);
  const candidates: Key[] = [];
  for (const part of await divide(source, target, compared, most)) {
    // Of one that has not become smaller, since rows came in meanwhile, the first are compared: the next pass has the others.
    const stuck = Math.max(part.source.rows, part.target.rows) >= most;
    const keys = stuck ? differingKeys(source, target, part.range, most) : narrowDown(source, target, part);
    candidates.push(...(await keys));
  }
  return candidates;
}

/** Divided by the side that has more rows there, so that no piece of either is large for long. */
async function divide(
  source: ComparableRows,
  target: ComparableRows,
  compared: ComparedRange,
  most: number,
): Promise<ComparedRange[]> {
  const bySource = compared.source.rows === most;
  const [one, other] = bySource ? [source, target] : [target, source];
  const pieces = await one.pieces(compared.range, most, Math.ceil(most / PIECES));
  const ranges = rangesOf(
    compared.range,
    pieces.map((piece) => piece.last),
  );
  const digests = await other.digests(ranges, most);
  return ranges.map((range, index) => {
    const [mine, others] = [pieces[index] ?? EMPTY, digests[index] ?? EMPTY];
    return bySource ? { range, source: mine, target: others } : { range, source: others, target: mine };
  });
}

/** Adjoining ranges that end with the given keys; the last one ends where the whole does. */
function rangesOf(whole: KeyRange, lasts: readonly (Key | null)[]): KeyRange[] {
  const bounds = lasts.slice(0, -1).filter((key) => key !== null);
  return [...bounds, whole.through].map((through, index) => ({ after: bounds[index - 1] ?? whole.after, through }));
}

async function differingKeys(
  source: ComparableRows,
  target: ComparableRows,
  range: KeyRange,
  limit: number,
): Promise<Key[]> {
  const text = (key: Key) => JSON.stringify(key);
  const ours = new Map((await source.rowHashes(range, limit)).map(({ key, hash }) => [text(key), hash]));
  const theirs = new Map((await target.rowHashes(range, limit)).map(({ key, hash }) => [text(key), hash]));
  const keys = new Set([...ours.keys(), ...theirs.keys()]);
  return [...keys].filter((key) => ours.get(key) !== theirs.get(key)).map((key) => JSON.parse(key) as Key);
}
