import type { Parser } from './parsers.ts';
import { FRONTS, type Front } from './spelling.ts';

/** What a server is run for. Tests count as development. */
export type Mode = 'development' | 'production';

/** Which names a variable goes by: those of {@link FRONTS}, or `none` for a bare name that other tools agree on. */
export type Prefix = Front | 'none';

export type Variable<T> = {
  name: string;
  prefix: Prefix;
  parser: Parser<T>;
  /** The value of a secret variable appears in no message. */
  visibility: 'public' | 'secret';
  /** For the reference page. */
  sentence: string;
  defaults?: Record<Mode, T>;
  /** What happens without a value, where that is not plain. */
  whenUnset?: string;
  requiredInProduction?: true;
  /** Keys of variables that must be set once this one is. */
  requires?: readonly string[];
  /** Names from before it was renamed, in full. They count where it is set under no present name. */
  olderNames?: readonly string[];
  /** Decides about the `.env` files, so it is not looked for in them. */
  isBeforeFiles?: true;
  /** Most installations set it: it is in `.env.example`. */
  isUsual?: true;
  /** What the template for development sets it to, where that is more than the default. */
  inDevelopment?: string;
};

export type Catalogue = Record<string, Variable<unknown>>;

/** The values of a catalogue's variables: those without a default may be undefined. */
export type Resolved<C extends Catalogue> = {
  readonly [Key in keyof C]: C[Key] extends { parser: Parser<infer T>; defaults: object }
    ? T
    : C[Key] extends { parser: Parser<infer T> }
      ? T | undefined
      : never;
};

type Specification<T> = Omit<Variable<T>, 'defaults'>;

export function optional<T>(specification: Specification<T>): Specification<T> {
  return specification;
}

export function withDefault<T>(
  specification: Specification<T>,
  defaults: Record<Mode, T>,
): Specification<T> & { defaults: Record<Mode, T> } {
  return { ...specification, defaults };
}

export function always<T>(value: T): Record<Mode, T> {
  return { development: value, production: value };
}

/** The present names of a variable, the canonical one first. */
export function namesOf({ name, prefix }: Pick<Variable<unknown>, 'name' | 'prefix'>): [string, ...string[]] {
  if (prefix === 'none') return [name];
  return [`${FRONTS[prefix]}HEXCLAVE_${name}`, `${FRONTS[prefix]}STACK_${name}`];
}
