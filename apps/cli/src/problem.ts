import type { ExitName } from './exit-codes.ts';

/** Why a command ends without having done what it was for. */
export class Problem extends Error {
  override name = 'Problem';

  constructor(
    readonly exit: ExitName,
    /** For scripts, as in the reference pages of errors. */
    readonly code: string,
    message: string,
    /** What to do. */
    readonly remedy?: string,
  ) {
    super(message);
  }
}

/** The command line is wrong. */
export function usageProblem(message: string, remedy?: string): Problem {
  return new Problem('usage', 'USAGE', message, remedy);
}
