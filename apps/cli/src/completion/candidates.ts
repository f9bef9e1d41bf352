import type { AnyCommand, Group, Node, OptionSpec, Suggestion } from '../declare/command.ts';
import { GLOBAL_OPTIONS } from '../declare/globals.ts';

/** What the word at the cursor can become. */
export type Candidate = { readonly value: string; readonly summary: string };
export type Completion = {
  readonly candidates: readonly Candidate[];
  /** What only the server or the disk knows. */
  readonly suggests?: Suggestion;
};

const NOTHING: Completion = { candidates: [] };
const HELP: OptionSpec<unknown> = { flags: '-h, --help', summary: 'shows the help' };

/** Completes the last of `words`, which stand after the name of the program. */
export function complete(root: Group, words: readonly string[]): Completion {
  const current = words.at(-1) ?? '';
  const { node, positionals, pending } = walk(root, words.slice(0, -1));
  const found = pending === undefined ? atWord(node, positionals, current) : valuesOf(pending);
  return { ...found, candidates: found.candidates.filter(({ value }) => value.startsWith(current)) };
}

type Place = {
  readonly node: Node;
  /** How many arguments of the command are there already. */
  readonly positionals: number;
  /** An option that still needs its value. */
  readonly pending: OptionSpec<unknown> | undefined;
};

function walk(root: Group, words: readonly string[]): Place {
  let place: Place = { node: root, positionals: 0, pending: undefined };
  for (const word of words) place = step(place, word);
  return place;
}

function step({ node, positionals, pending }: Place, word: string): Place {
  if (pending !== undefined) return { node, positionals, pending: undefined };
  if (word.startsWith('-')) {
    const spec = optionsOf(node).find(({ flags }) => namesOf(flags).includes(word));
    return { node, positionals, pending: spec?.flags.includes('<') ? spec : undefined };
  }
  const child = node.kind === 'group' ? node.commands.find(({ name }) => name === word) : undefined;
  if (child !== undefined) return { node: child, positionals: 0, pending: undefined };
  return { node, positionals: positionals + 1, pending: undefined };
}

function atWord(node: Node, positionals: number, current: string): Completion {
  if (current.startsWith('-')) return { candidates: optionsOf(node).flatMap(optionCandidates) };
  if (node.kind === 'group') {
    const shown = node.commands.filter((child) => child.kind === 'group' || child.isHidden !== true);
    return { candidates: shown.map(({ name, summary }) => ({ value: name, summary })) };
  }
  const argument = Object.values(node.args ?? {})[positionals];
  return argument === undefined ? NOTHING : valuesOf(argument);
}

function optionsOf(node: Node): OptionSpec<unknown>[] {
  const own = node.kind === 'command' ? Object.values((node as AnyCommand).options ?? {}) : [];
  return [...own, ...Object.values<OptionSpec<unknown>>(GLOBAL_OPTIONS), HELP];
}

/** `-p, --project <id>` → `-p`, `--project` */
function namesOf(flags: string): string[] {
  return flags.match(/--?[a-zA-Z][a-z-]*/g) ?? [];
}

function optionCandidates({ flags, summary }: OptionSpec<unknown>): Candidate[] {
  const long = namesOf(flags).find((name) => name.startsWith('--'));
  return long === undefined ? [] : [{ value: long, summary }];
}

function valuesOf({ choices = [], suggests }: Pick<OptionSpec<unknown>, 'choices' | 'suggests'>): Completion {
  return { candidates: choices.map((value) => ({ value, summary: '' })), suggests };
}
