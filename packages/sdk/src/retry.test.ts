import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Failure, parseRetryAfter, type RetryQuestion, retryDelayMs } from './retry.ts';

const NO_ANSWER: Failure = { kind: 'no-answer' };
const answer = (status: number, retryAfterMs?: number): Failure => ({ kind: 'answer', status, retryAfterMs });

function delay(question: Partial<RetryQuestion>): number | undefined {
  return retryDelayMs({ method: 'GET', failure: NO_ANSWER, attempts: 1, maxAttempts: 3, random: 0.5, ...question });
}

test.each([
  ['GET', NO_ANSWER],
  ['GET', answer(503)],
  ['DELETE', NO_ANSWER],
  ['DELETE', answer(502)],
  ['GET', answer(429)],
  ['POST', answer(429)],
  ['PATCH', answer(429)],
])('%s is sent again after %o', (method, failure) => {
  expect(delay({ method, failure })).toBeGreaterThan(0);
});

test.each([
  ['POST', NO_ANSWER],
  ['PATCH', NO_ANSWER],
  ['POST', answer(503)],
  ['PATCH', answer(502)],
  ['GET', answer(500)],
  ['GET', answer(400)],
  ['GET', answer(401)],
  ['GET', answer(404)],
  ['DELETE', answer(409)],
])('%s is not sent again after %o', (method, failure) => {
  expect(delay({ method, failure })).toBeUndefined();
});

test('the last attempt is the last', () => {
  expect(delay({ attempts: 2 })).toBeDefined();
  expect(delay({ attempts: 3 })).toBeUndefined();
  expect(delay({ attempts: 1, maxAttempts: 1 })).toBeUndefined();
});

test('a server that says when is waited for exactly so long, but not for ever', () => {
  expect(delay({ failure: answer(429, 2_000) })).toBe(2_000);
  expect(delay({ failure: answer(429, 3_600_000) })).toBeUndefined();
});

test('pauses grow, are spread, and have a limit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, random) => {
      const pause = delay({ attempts, maxAttempts: 100, random }) ?? 0;
      const longest = Math.min(10_000, 250 * 2 ** (attempts - 1));
      expect(pause).toBeGreaterThanOrEqual(longest / 2);
      expect(pause).toBeLessThanOrEqual(longest);
    }),
  );
});

const NOON = Date.parse('2025-01-01T12:00:00Z');

test.each([
  ['3', 3_000],
  ['0', 0],
  ['Wed, 01 Jan 2025 12:00:10 GMT', 10_000],
  ['Wed, 01 Jan 2025 11:00:00 GMT', 0],
  ['soon', undefined],
  ['', undefined],
  [null, undefined],
])('Retry-After: %s', (header, expected) => {
  expect(parseRetryAfter(header, NOON)).toBe(expected);
});
