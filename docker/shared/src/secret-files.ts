import { readFileSync } from 'node:fs';
import { isBlank, isSentinel, type Source } from '@hexclave/env';
import { HexclaveError } from '@hexclave/errors';
import type { Changes } from './mirror.ts';

const NAME_OF_FILE = /^((?:HEXCLAVE|STACK)_\w+|CRON_SECRET)_FILE$/;

/**
 * Reads the values that lie in files, as Docker’s secrets do: `X_FILE=/run/secrets/x` is `X` with what that file says,
 * less the line end that editors leave.
 *
 * @throws {HexclaveError} ENVIRONMENT_INVALID when a file cannot be read, or when the variable is set besides
 */
export function readSecretFiles(source: Source): Changes {
  const changes: Changes = new Map();
  for (const fileVariable of Object.keys(source)) {
    const path = source[fileVariable];
    const name = NAME_OF_FILE.exec(fileVariable)?.[1];
    if (name === undefined || path === undefined || isBlank(path) || isSentinel(path)) continue;
    if (!isBlank(source[name])) throw invalid(`${name} and ${fileVariable} are both set.`, `Unset one of the two.`);
    changes.set(name, read(fileVariable, path));
    changes.set(fileVariable, undefined);
  }
  return changes;
}

function read(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw invalid(`The file that ${variable} names cannot be read (${code}).`, `Correct ${variable}, or that file.`);
  }
}

function invalid(message: string, remedy: string): HexclaveError {
  return new HexclaveError({ code: 'ENVIRONMENT_INVALID', message, remedy });
}
