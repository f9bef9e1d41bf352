import { ERROR_CATALOGUE, type ErrorCode } from './catalogue.ts';

export type HexclaveErrorOptions = {
  code: ErrorCode;
  /** What happened, in one or two sentences, without secrets or row data. */
  message: string;
  /** What the reader should do about it. */
  remedy: string;
  /** Default: what the catalogue says of the code. */
  retryable?: boolean;
  cause?: unknown;
};

/** An error that carries a decision: what happened, whether to try again, what to do. */
export class HexclaveError extends Error {
  override name = 'HexclaveError';
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly retryable: boolean;

  constructor(options: HexclaveErrorOptions) {
    super(options.message, { cause: options.cause });
    this.code = options.code;
    this.remedy = options.remedy;
    this.retryable = options.retryable ?? ERROR_CATALOGUE[options.code].retryable;
  }
}

/** The error as lines for a terminal: code and message, then the remedy. */
export function describeError(error: unknown): string {
  if (error instanceof HexclaveError) return `${error.code}: ${error.message}\n→ ${error.remedy}`;
  return error instanceof Error ? error.message : String(error);
}
