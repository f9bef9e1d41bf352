import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HexclaveError } from '@hexclave/errors';
import { parse } from 'dotenv';
import { isBlank, type Source } from './choose.ts';
import { isSentinel } from './sentinel.ts';
import { canonicalName } from './spelling.ts';

/** Values that belong together, and where they are from: a file, or the environment of the process. */
export type Layer = { readonly origin: string; readonly values: Source };

export type EnvFileOptions = {
  /** Of the process; it wins over all files. */
  readonly environment: Source;
  readonly directory: string;
  /** `development`, `test` or `production`. */
  readonly mode: string;
};

/**
 * The names of the files, the one that wins first. `.local` files are one machine's own, and are not committed. Tests
 * leave out `.env.local`, so that they run alike everywhere.
 */
export function envFileNames(mode: string): string[] {
  return [`.env.${mode}.local`, ...(mode === 'test' ? [] : ['.env.local']), `.env.${mode}`, '.env'];
}

/** The environment of the process and the files that are there, what wins first. */
export function readLayers({ environment, directory, mode }: EnvFileOptions): Layer[] {
  const files = envFileNames(mode).flatMap((name) => {
    const text = readIfThere(join(directory, name));
    return text === undefined ? [] : [{ origin: name, values: parse(text) }];
  });
  return [{ origin: 'environment', values: environment }, ...files];
}

/**
 * One source out of several. A variable is taken, in whatever spelling, from the first layer that sets it: an older
 * name in `.env.local` wins over the present one in `.env`, as it did before the renaming. Only two names in one layer
 * are left side by side, to be compared.
 */
export function mergeLayers(layers: readonly Layer[]): Source {
  const merged: Record<string, string> = {};
  const decided = new Set<string>();
  for (const { values } of layers) {
    const set = Object.entries(values).filter((entry): entry is [string, string] => isSet(entry[1]));
    const fresh = set.filter(([name]) => !decided.has(canonicalName(name)));
    for (const [name, value] of fresh) {
      merged[name] = value;
      decided.add(canonicalName(name));
    }
  }
  return merged;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && !isBlank(value) && !isSentinel(value);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new HexclaveError({
      code: 'ENVIRONMENT_INVALID',
      message: `The file ${path} cannot be read (${code}).`,
      remedy: 'Make it readable to the user that runs this program, or remove it.',
    });
  }
}
