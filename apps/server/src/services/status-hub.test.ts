import { expect, onTestFinished, test } from 'vitest';
import { createStatusHub } from './status-hub.ts';

test('however many follow projects, there is room for the operator', () => {
  const stopping = new AbortController();
  onTestFinished(() => stopping.abort());
  // Looks that never end: only who may follow is of interest.
  const forever = () => new Promise<never>(() => undefined);
  const hub = createStatusHub({
    reader: { projects: forever, followed: forever },
    signal: stopping.signal,
    onError: (error) => expect.fail(String(error)),
  });
  const followAll = (tenancyId: string | null, times: number) =>
    Array.from({ length: times }, () => hub.follow(tenancyId, undefined));
  const limited = expect.objectContaining({ code: 'RATE_LIMITED' });
  for (let project = 0; project < 10; project++) followAll(`tenancy ${project}`, 50);
  expect(() => hub.follow('tenancy 0', undefined)).toThrow(limited);
  expect(() => hub.follow('yet another', undefined)).toThrow(limited);
  const operators = followAll(null, 50);
  expect(() => hub.follow(null, undefined)).toThrow(limited);
  operators[0]?.close();
  expect(() => hub.follow(null, undefined)).not.toThrow();
});
