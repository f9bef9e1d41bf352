import type { Parser } from '@hexclave/env';
import type { RouteName } from '@hexclave/sdk';
import type { z } from 'zod';
import type { Context } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Styles } from '../output/styles.ts';

/** What completion can ask for while somebody types: choices that only the server or the disk knows. */
export type Suggestion = 'external-databases' | 'projects' | 'files';

type Described<T> = {
  readonly summary: string;
  /** Default: any text. */
  readonly parser?: Parser<T>;
  readonly choices?: readonly string[];
  readonly suggests?: Suggestion;
};

/** An option of a command. `T` is what its `run` is given. */
export type OptionSpec<T> = Described<T> & {
  /** As in `-n, --limit <count>`; without `<…>` it is a switch. */
  readonly flags: string;
  readonly fallback?: T;
  /** May be given several times; `run` gets all of them. */
  readonly many?: true;
};

/** A positional argument. Those that may be left out come last. */
export type ArgumentSpec<T> = Described<T> & { readonly name: string; readonly isOptional?: true };

export type OptionSpecs = Readonly<Record<string, OptionSpec<unknown>>>;
export type ArgumentSpecs = Readonly<Record<string, ArgumentSpec<unknown>>>;

type OptionValues<O> = { readonly [K in keyof O]: O[K] extends OptionSpec<infer T> ? T : never };
type ArgumentValues<A> = { readonly [K in keyof A]: A[K] extends ArgumentSpec<infer T> ? T : never };

/** What a command has found or done. The frame prints `json` with `--json`, else `text`. */
export type Outcome = {
  readonly json: unknown;
  /**
   * Without a line break at its end. Everything in it that came from a server went through `printable`. Absent where it was
   * shown as it came about.
   */
  readonly text?: (styles: Styles) => string;
  /** Default: 0. */
  readonly exitCode?: ExitCode;
};

/** What `--json` prints, for the reference page and for tests: the answer of a route, or something of our own. */
export type JsonShape = { readonly words: string; readonly route?: RouteName; readonly schema?: z.ZodType };

export type CommandSpec<A extends ArgumentSpecs, O extends OptionSpecs> = {
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** Sentences for the help and the reference page. */
  readonly details?: string;
  readonly args?: A;
  readonly options?: O;
  /** Whole command lines, without `$`. */
  readonly examples?: readonly string[];
  readonly json?: JsonShape;
  /** What exit code 1 means here; without it the command never ends with 1. */
  readonly failsWhen?: string;
  /** Not in help, reference page and completion. */
  readonly isHidden?: true;
  /** Nothing to print when it has printed all by itself. */
  run(
    input: { readonly args: ArgumentValues<A>; readonly options: OptionValues<O> },
    context: Context,
  ): Promise<Outcome | undefined>;
};

export type AnyCommand = CommandSpec<ArgumentSpecs, OptionSpecs> & { readonly kind: 'command' };
export type Group = {
  readonly kind: 'group';
  readonly name: string;
  readonly summary: string;
  readonly details?: string;
  readonly commands: readonly Node[];
};
/** A command, or a word under which commands are gathered. */
export type Node = AnyCommand | Group;

/** Declares a command. Parsing, help, completion, the reference page and its check are compiled from it. */
export function command<
  const A extends ArgumentSpecs = Record<string, never>,
  const O extends OptionSpecs = Record<string, never>,
>(spec: CommandSpec<A, O>): AnyCommand {
  // Values are parsed by the very specs that give them their types.
  return { ...(spec as unknown as CommandSpec<ArgumentSpecs, OptionSpecs>), kind: 'command' };
}

export function group(spec: Omit<Group, 'kind'>): Group {
  return { ...spec, kind: 'group' };
}
