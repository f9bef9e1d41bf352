import { HexclaveError } from '@hexclave/errors';
import { toProblem } from '../../problems.ts';

export const OUTCOMES = ['ok', 'warn', 'fail', 'skip'] as const;

/** One thing that was looked at. */
export type Check = {
  /** In words: "database", "port of the API". */
  readonly name: string;
  /** `skip`: it could not be looked at, which is no fault in itself. */
  readonly outcome: (typeof OUTCOMES)[number];
  readonly message: string;
  readonly remedy?: string;
};

export const ok = (name: string, message: string): Check => ({ name, outcome: 'ok', message });
export const skip = (name: string, message: string): Check => ({ name, outcome: 'skip', message });
export const warn = (name: string, message: string, remedy: string): Check => ({
  name,
  outcome: 'warn',
  message,
  remedy,
});
export const fail = (name: string, message: string, remedy?: string): Check => ({
  name,
  outcome: 'fail',
  message,
  remedy,
});

/** What `look` finds; what it throws is a fault of its own, with the remedy that it carries. */
export async function checking(name: string, look: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await look();
  } catch (error) {
    const { message, remedy } = toProblem(error, false);
    const code = error instanceof HexclaveError ? ` (${error.code})` : '';
    return [fail(name, `${message}${code}`, remedy)];
  }
}
