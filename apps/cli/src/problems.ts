import { HexclaveError } from '@hexclave/errors';
import { ApiError } from '@hexclave/sdk';
import type { ExitName } from './exit-codes.ts';
import { printable, printableJson, printableLines } from './output/printable.ts';
import { stylesOf } from './output/styles.ts';
import { Problem } from './problem.ts';

/** What happened, with what to do and how to end, whoever has found it. */
export function toProblem(error: unknown, wasInterrupted: boolean): Problem {
  if (error instanceof Problem) return error;
  if (wasInterrupted || isPromptClosed(error)) return new Problem('interrupted', 'INTERRUPTED', 'Interrupted.');
  if (error instanceof ApiError) return ofAnswer(error);
  if (error instanceof HexclaveError) {
    return new Problem(exitOf(error), error.code, error.message, REMEDIES[error.code] ?? error.remedy);
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new Problem('bug', 'UNEXPECTED', message, 'Please report this, with the command that led to it.');
}

/** Where the JavaScript client speaks to programmers of its options. */
const REMEDIES: Readonly<Record<string, string>> = {
  API_UNREACHABLE:
    'Start the server (hexclave dev, hexclave start), or set HEXCLAVE_API_URL to its address. hexclave doctor looks closer.',
  API_ANSWER_UNEXPECTED:
    'Set HEXCLAVE_API_URL to the address of the API itself, and look at what a proxy before it does.',
  CLIENT_MISCONFIGURED: 'Correct the key or address in the environment or in the configuration file.',
};

/** Ctrl-C at a question. */
function isPromptClosed(error: unknown): boolean {
  return error instanceof Error && ['ExitPromptError', 'AbortPromptError', 'AbortError'].includes(error.name);
}

function ofAnswer(error: ApiError): Problem {
  return new Problem(exitOfStatus(error.status), error.code, error.message, remedyOf(error));
}

function exitOfStatus(status: number): ExitName {
  if (status === 401 || status === 403) return 'access';
  if (status === 404) return 'missing';
  return status >= 500 || status === 429 ? 'unavailable' : 'refused';
}

function remedyOf({ status, requestId }: ApiError): string | undefined {
  if (status === 401 || status === 403) {
    return 'Give the right key in HEXCLAVE_SUPER_SECRET_ADMIN_KEY or HEXCLAVE_SECRET_SERVER_KEY. hexclave doctor shows which key is used.';
  }
  return status >= 500 && requestId !== undefined ? `The log of the server has more under ${requestId}.` : undefined;
}

const SETTINGS = ['ENVIRONMENT_INVALID', 'CLIENT_MISCONFIGURED', 'SECRETS_FILE_BROKEN', 'DEVELOPMENT_KEYS_BROKEN'];

function exitOf(error: HexclaveError): ExitName {
  if (SETTINGS.includes(error.code)) return 'settings';
  if (error.code === 'API_ACCESS_ENDED') return 'access';
  return error.retryable || error.code.startsWith('API_') ? 'unavailable' : 'refused';
}

type Host = Pick<NodeJS.Process, 'stderr' | 'env'>;

/** The problem as lines for standard error, or as JSON for programs. */
export function describeProblem(problem: Problem, asJson: boolean, host: Host): string {
  const { code, message, remedy } = problem;
  if (asJson) return printableJson({ error: { code, message, remedy: remedy ?? null } });
  const styles = stylesOf(host.stderr, host.env);
  const mark = problem.exit === 'interrupted' ? '' : `${styles.red('✗')} `;
  const shown = `${mark}${printableLines(message)}`;
  const known = code === 'USAGE' || code === 'INTERRUPTED' ? '' : styles.dim(` (${printable(code)})`);
  return remedy === undefined
    ? `${shown}${known}`
    : `${shown}${known}\n${styles.yellow('→')} ${printableLines(remedy)}`;
}
