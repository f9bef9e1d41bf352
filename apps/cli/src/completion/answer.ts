import type { Group } from '../declare/command.ts';
import { printable } from '../output/printable.ts';
import { readSettings } from '../settings/settings.ts';
import { type Candidate, complete } from './candidates.ts';
import { suggestionsOf } from './suggestions.ts';

/** The word by which the scripts of {@link ./scripts.ts} ask, and the line that stands for names of files. */
export const ASK = '__complete';
export const FILES = ':files';

/**
 * What a shell is told: a line for each candidate, with its meaning behind a tab. Whatever goes wrong, the shell hears
 * nothing of it: somebody is in the middle of typing.
 */
export async function answerShell(
  root: Group,
  words: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const { candidates, suggests } = complete(root, words);
  const current = words.at(-1) ?? '';
  const lines = [...candidates, ...(await suggested(suggests, current, environment))].map(line);
  return [...lines, ...(suggests === 'files' ? [FILES] : [])].map((text) => `${text}\n`).join('');
}

async function suggested(
  kind: Parameters<typeof suggestionsOf>[0] | undefined,
  current: string,
  environment: NodeJS.ProcessEnv,
): Promise<Candidate[]> {
  if (kind === undefined || kind === 'files') return [];
  try {
    const found = await suggestionsOf(kind, await readSettings({ json: false }, environment));
    return found.filter(({ value }) => value.startsWith(current));
  } catch {
    return [];
  }
}

function line({ value, summary }: Candidate): string {
  return summary === '' ? printable(value) : `${printable(value)}\t${printable(summary)}`;
}
