import { type ErrorCode, HexclaveError } from '@hexclave/errors';
import { expect, test } from 'vitest';
import type { ExitName } from './exit-codes.ts';
import { toProblem } from './problems.ts';

test.each<[ErrorCode, ExitName]>([
  ['API_ACCESS_ENDED', 'access'],
  ['API_UNREACHABLE', 'unavailable'],
  ['API_ANSWER_UNEXPECTED', 'unavailable'],
  ['CLIENT_MISCONFIGURED', 'settings'],
])('%s is “%s”', (code, exit) => {
  const error = new HexclaveError({ code, message: 'What happened', remedy: 'What to do' });
  expect(toProblem(error, false)).toMatchObject({ code, exit, message: 'What happened' });
});
