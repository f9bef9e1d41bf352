import type { Random } from '@hexclave/testing/random';

/** One write, as a value: a plan can be kept, repeated and cut down. */
export type Operation = {
  /** A name of the catalogue. */
  readonly kind: string;
  /** Index of a tenancy. */
  readonly tenancy: number;
  /** Numbers of keys, or of rows: what each is, the kind says. */
  readonly numbers: readonly number[];
  readonly texts: readonly string[];
};

/** What an operation needs to become SQL. */
export type Context = {
  /** Ids of all tenancies. */
  readonly tenancies: readonly string[];
};

export type Statement = { readonly text: string; readonly values: readonly unknown[] };

/** A kind of write. */
export type OperationKind = {
  /** How often it is chosen, relative to the others. */
  readonly weight: number;
  choose(random: Random): Pick<Operation, 'numbers' | 'texts'>;
  /** Names of everything that gets a new version, within its tenancy; see {@link NEXT_VERSION}. */
  locks(operation: Operation): readonly string[];
  statements(operation: Operation, tenancyId: string, context: Context): readonly Statement[];
};

/**
 * The version of a row: grows with every write of that key, in the order of commits, since the key's lock is held from
 * before the number is drawn until the commit.
 */
export const NEXT_VERSION = "nextval('chaos.version')";

/** Whose row it is, as text inside the row, so that a target shows when it got somebody else's. */
export const tagOf = (tenancyId: string): string => tenancyId.slice(0, 8);

/** The document that carries version and tag of users and teams. `$1` is the tenancy. */
export const VERSIONED_JSON = `jsonb_build_object('v', ${NEXT_VERSION}, 't', left($1::uuid::text, 8))`;

/** The same at the beginning of a text, before the text `parameter`. */
export const versionedText = (parameter: string): string =>
  `${NEXT_VERSION} || '|' || left($1::uuid::text, 8) || '|' || ${parameter}::text`;

export function at(numbers: readonly number[], index: number): number {
  return numbers[index] ?? 0;
}
