import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isObject } from '@hexclave/config';
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { command } from '../../declare/command.ts';
import { flag } from '../../declare/values.ts';
import { printable, printableJson } from '../../output/printable.ts';
import { Problem, usageProblem } from '../../problem.ts';
import { readSecret } from '../../secrets/read.ts';
import { changesBetween, isExternalDatabase, valueAt } from './paths.ts';
import { readConfig, sendChanges } from './requests.ts';

export const edit = command({
  name: 'edit',
  summary: 'Change the configuration in your editor',
  details:
    'Opens what has been set in $VISUAL or $EDITOR. Nothing secret is in the file: connection strings stay where they are, and those of new external databases are asked for. Shows what will change, and asks before it is sent.',
  options: { yes: flag('-y, --yes', 'sends it without asking') },
  json: { words: '`{"changed": […]}`: the paths.', schema: z.object({ changed: z.array(z.string()) }) },
  run: async ({ options }, context) => {
    const before = await readConfig(true, context);
    const after = await inEditor(before, context);
    const changes = changesBetween(before, after);
    if (Object.keys(changes).length === 0) return { json: { changed: [] }, text: () => 'Nothing was changed.' };
    showChanges(changes, context);
    await confirm(options.yes, context);
    return sendChanges(await withConnections(changes, before, context), context);
  },
});

async function inEditor(document: object, context: Context): Promise<Record<string, unknown>> {
  const editor = context.source.VISUAL || context.source.EDITOR;
  if (!editor) throw usageProblem('No editor is known.', 'Set VISUAL or EDITOR, e.g. EDITOR=nano.');
  const folder = await mkdtemp(join(tmpdir(), 'hexclave-config-'));
  const path = join(folder, 'config.json');
  try {
    await writeFile(path, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 });
    await runEditor(editor, path);
    return parse(await readFile(path, 'utf8'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** By the shell, as `EDITOR="code --wait"` is a command line. */
async function runEditor(editor: string, path: string): Promise<void> {
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', path], { stdio: 'inherit' });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new Problem('interrupted', 'EDITOR_FAILED', `The editor ended with ${code}; nothing was changed.`);
}

function parse(text: string): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(text);
    if (isObject(document)) return document;
  } catch {
    // Told below, as anything else that is no object.
  }
  throw usageProblem('What the editor has saved is no JSON object; nothing was changed.');
}

function showChanges(changes: Record<string, unknown>, { note, errorStyles }: Context): void {
  for (const [path, value] of Object.entries(changes)) {
    const sign = value === null ? errorStyles.red('-') : errorStyles.green('+');
    note(`${sign} ${printable(path)}${value === null ? '' : ` = ${printableJson(value)}`}`);
  }
}

async function confirm(isSure: boolean, context: Context): Promise<void> {
  if (isSure) return;
  if (!context.isInteractive) throw usageProblem('There is no terminal to confirm the change.', 'Add --yes.');
  const { default: input } = await import('@inquirer/input');
  const answer = await input(
    { message: 'Send these changes? (y/N)' },
    { input: context.stdin, output: context.stderr, signal: context.signal },
  );
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new Problem('interrupted', 'NOT_CONFIRMED', 'Not sent; nothing was changed.');
}

/** New external databases need a connection, which is not for a file. */
async function withConnections(
  changes: Record<string, unknown>,
  before: Record<string, unknown>,
  context: Context,
): Promise<Record<string, unknown>> {
  const complete: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(changes)) {
    if (isObject(value) && 'connectionString' in value) {
      throw usageProblem(
        'A connection string does not belong into a file; nothing was changed.',
        'Leave it out: it is asked for.',
      );
    }
    const isNew = isExternalDatabase(path) && isObject(value) && valueAt(before, path) === undefined;
    complete[path] = isNew ? { ...value, connectionString: await ask(path, context) } : value;
  }
  return complete;
}

function ask(path: string, context: Context): Promise<string> {
  return readSecret(`the connection string of ${printable(path.split('.').at(-1) ?? '')}`, {}, context);
}
