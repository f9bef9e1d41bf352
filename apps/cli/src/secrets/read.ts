import { text as readStream } from 'node:stream/consumers';
import type { Context } from '../context.ts';
import { Problem, usageProblem } from '../problem.ts';

/** How somebody wants to give a secret: at most one of the two, else by typing it. */
export type SecretSource = { readonly stdin?: boolean; readonly fromEnv?: string | undefined };

/** Reads a secret from standard input, from a variable, or from the terminal without showing it. */
export async function readSecret(what: string, source: SecretSource, context: Context): Promise<string> {
  if (source.stdin && source.fromEnv !== undefined) throw usageProblem('--stdin and --from-env exclude each other.');
  if (source.fromEnv !== undefined) return fromVariable(source.fromEnv, context);
  if (source.stdin) return firstNonEmpty(what, await readStream(context.stdin));
  return ask(what, context);
}

function fromVariable(name: string, { source }: Context): string {
  const value = source[name];
  if (value !== undefined && value !== '') return value;
  throw new Problem('settings', 'VARIABLE_NOT_SET', `The variable ${name} is not set, or empty.`, 'Set and export it.');
}

function firstNonEmpty(what: string, text: string): string {
  // What editors and `echo` add at the end of a line is no part of it.
  const value = text.replace(/[\r\n]+$/, '');
  if (value !== '') return value;
  throw usageProblem(`Nothing came in on standard input, where ${what} was expected.`);
}

async function ask(what: string, context: Context): Promise<string> {
  if (!context.isInteractive) {
    throw usageProblem(
      `There is no terminal to ask for ${what}.`,
      'Pipe it in with --stdin, or name a variable that holds it with --from-env NAME.',
    );
  }
  const { default: password } = await import('@inquirer/password');
  const streams = { input: context.stdin, output: context.stderr, signal: context.signal };
  return await password({ message: `${capitalised(what)} (not shown):`, validate: (value) => value !== '' }, streams);
}

/** Asks for the name of what is to be destroyed. `--yes` stands for the answer where nobody can be asked. */
export async function confirmByName(what: string, name: string, isSure: boolean, context: Context): Promise<void> {
  if (isSure) return;
  if (!context.isInteractive)
    throw usageProblem(`There is no terminal to confirm: ${what}`, 'Add --yes if you are sure.');
  const { default: input } = await import('@inquirer/input');
  const streams = { input: context.stdin, output: context.stderr, signal: context.signal };
  const answer = await input({ message: `${what} Type ${name} to confirm:` }, streams);
  if (answer.trim() !== name) throw new Problem('interrupted', 'NOT_CONFIRMED', 'Not confirmed; nothing was done.');
}

/** Asks a question that is answered with yes or no; anything but yes is no. */
export async function confirm(question: string, context: Context): Promise<boolean> {
  const { default: input } = await import('@inquirer/input');
  const streams = { input: context.stdin, output: context.stderr, signal: context.signal };
  const answer = await input({ message: `${question} (y/N)` }, streams);
  return /^y(es)?$/i.test(answer.trim());
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
