import { type Parser, text } from '@hexclave/env';
import type { ArgumentSpec, OptionSpec, Suggestion } from './command.ts';

type More = { readonly suggests?: Suggestion; readonly choices?: readonly string[] };

/** A switch: `--repair`. */
export function flag(flags: string, summary: string): OptionSpec<boolean> {
  return { flags, summary, fallback: false };
}

/** An option that may be left out. */
export function option<T>(
  flags: string,
  summary: string,
  parser: Parser<T>,
  more: More = {},
): OptionSpec<T | undefined> {
  return { flags, summary, parser, ...more };
}

/** An option that has a value if it is left out. */
export function optionOr<T>(flags: string, summary: string, parser: Parser<T>, fallback: T): OptionSpec<T> {
  return { flags, summary, parser, fallback };
}

/** One of a few words. */
export function choice<const Choice extends string>(
  flags: string,
  summary: string,
  choices: readonly Choice[],
): OptionSpec<Choice | undefined> {
  const parse = (value: string) => choices.find((one) => one === value);
  return { flags, summary, choices, parser: { expects: `one of ${choices.join(', ')}`, parse } };
}

export function argument(name: string, summary: string, more?: More): ArgumentSpec<string>;
export function argument<T>(name: string, summary: string, more: More, parser: Parser<T>): ArgumentSpec<T>;
export function argument(
  name: string,
  summary: string,
  more: More = {},
  parser: Parser<unknown> = text(),
): ArgumentSpec<unknown> {
  return { name, summary, parser, ...more };
}

export function optionalArgument(name: string, summary: string, more: More = {}): ArgumentSpec<string | undefined> {
  return { name, summary, parser: text(), ...more, isOptional: true };
}
