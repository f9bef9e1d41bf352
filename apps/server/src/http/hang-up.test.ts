import { expect, test } from 'vitest';
import { hangUpOf } from './hang-up.ts';

const URL_OF_NOBODY = 'http://localhost/';

test('work that is broken off because its caller is gone ends with an error, whatever reason the request has', () => {
  const caller = new AbortController();
  const request = new Request(URL_OF_NOBODY, { signal: caller.signal });
  const hangUp = hangUpOf(request);
  expect(hangUp.aborted).toBe(false);
  caller.abort('Client connection prematurely closed.');
  for (const signal of [hangUp, hangUpOf(request)]) {
    expect(signal.reason).toBeInstanceOf(DOMException);
    expect(signal.reason).toMatchObject({ name: 'AbortError' });
  }
});
