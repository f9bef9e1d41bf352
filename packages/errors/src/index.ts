export { ERROR_CATALOGUE, type ErrorCode, type ErrorDescription } from './catalogue.ts';
export { describeError, HexclaveError, type HexclaveErrorOptions } from './hexclave-error.ts';
export { type RemedyPart, splitRemedy } from './remedy.ts';
