import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isBlank, isSentinel, replaceSentinels, type Source } from '@hexclave/env';
import { HexclaveError } from '@hexclave/errors';
import { escapeFor } from './escape.ts';

/** Latin 1 keeps every byte as it is, whatever the file is; sentinels are plain letters. */
const BYTES = 'latin1';

/**
 * Copies a folder of built files, with the values of variables in the places of their sentinels. The built files
 * themselves never change: a restart with other values is right, nothing is replaced twice, and what a value contains
 * is not looked at. A sentinel without a value stays, which whoever reads it takes for unset.
 *
 * Returns how many files have got values. The folder appears whole or not at all.
 *
 * @throws {HexclaveError} ENVIRONMENT_INVALID for a sentinel in a file of a kind in which no value can be written safely
 */
export function placeValues(from: string, to: string, source: Source): number {
  const draft = `${to}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, draft, { recursive: true });
  const changed = filesIn(draft).filter((path) => placeInFile(path, source)).length;
  rmSync(to, { recursive: true, force: true });
  renameSync(draft, to);
  return changed;
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function placeInFile(path: string, source: Source): boolean {
  const text = readFileSync(path, BYTES);
  const placed = replaceSentinels(text, (name) => {
    const value = source[name];
    return value === undefined || isBlank(value) || isSentinel(value) ? undefined : encode(path, name, value);
  });
  if (placed === text) return false;
  writeFileSync(path, placed, BYTES);
  return true;
}

function encode(path: string, name: string, value: string): string {
  const written = escapeFor(path)?.(value);
  if (written !== undefined) return Buffer.from(written).toString(BYTES);
  throw new HexclaveError({
    code: 'ENVIRONMENT_INVALID',
    message: `The value of ${name} is wanted in a built file of a kind that cannot carry it: ${path}.`,
    remedy: `Unset ${name}, and report this: the image was built wrongly.`,
  });
}
