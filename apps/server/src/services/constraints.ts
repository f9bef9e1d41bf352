import type { KnownError } from '@hexclave/contract';

/** Constraint names of the internal database and what their violation means to the caller. */
type Meanings = Readonly<Record<string, () => KnownError>>;

/** Turns the violation of a named constraint into a known error; other failures pass through. */
export async function withMeanings<T>(work: Promise<T>, meanings: Meanings): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const constraint = constraintOf(error);
    const meaning = constraint !== undefined && Object.hasOwn(meanings, constraint) ? meanings[constraint] : undefined;
    throw meaning === undefined ? error : meaning();
  }
}

function constraintOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('constraint' in error)) return undefined;
  return typeof error.constraint === 'string' ? error.constraint : undefined;
}
