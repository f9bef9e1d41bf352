import { PROFILE_MEASURE_NAMES, PROFILE_MEASURES } from '@hexclave/config';
import { HexclaveError } from '@hexclave/errors';
import { describe, expect, test } from 'vitest';
import { ANSWER_WITHIN_MS, type Clock, type Patience, RETRY_DELAYS_MS, readResult } from './read-result.ts';
import type { LogEntry } from './source.ts';

const ID = '1f0c9a4e-query';

/** Time that passes at once, as soon as nothing else is left to do. Notes what was waited for. */
function fakeClock() {
  const waited: number[] = [];
  const clock: Clock = {
    wait: async (milliseconds, signal) => {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      waited.push(milliseconds);
    },
  };
  return { clock, waited };
}

/** An entry as it should be, with a number for everything. */
function entry(change: Partial<Record<keyof LogEntry, unknown>> = {}): object {
  const measures = Object.fromEntries(
    PROFILE_MEASURE_NAMES.map((name, place) => [name, { value: place, unit: PROFILE_MEASURES[name] }]),
  );
  return { queryId: ID, state: 'finished', measures, lacking: {}, plan: null, triggers: [], ...change };
}

/** One step of a plan. */
const COUNTS = { rows: 1, expectedRows: 1, loops: 1, removedRows: 0 };
const STEP = { node: 'Limit', relation: null, index: null, ...COUNTS, children: [] };

function withMeasure(name: keyof typeof PROFILE_MEASURES, measure: unknown): object {
  const { measures } = entry() as LogEntry;
  return entry({ measures: { ...measures, [name]: measure } });
}

type Answer = unknown | (() => Promise<unknown>);

/** A source that gives one answer after the other, and the last one for ever. */
function source(...answers: readonly Answer[]) {
  let asked = 0;
  return {
    asked: () => asked,
    lookUp: async (queryId: string): Promise<unknown> => {
      expect(queryId).toBe(ID);
      const answer = answers[Math.min(asked, answers.length - 1)];
      asked += 1;
      return typeof answer === 'function' ? (answer as () => Promise<unknown>)() : answer;
    },
  };
}

function patience(clock: Clock, change: Partial<Patience> = {}): Patience {
  return { clock, delaysMs: RETRY_DELAYS_MS, answerWithinMs: ANSWER_WITHIN_MS, ...change };
}

async function read(from: ReturnType<typeof source>, change: Partial<Patience> = {}) {
  const { clock, waited } = fakeClock();
  const result = readResult(from, ID, patience(clock, change), new AbortController().signal);
  return { result: await result.catch((error: unknown) => error), waited, asked: from.asked() };
}

const nothing = () => new Promise<never>(() => undefined);
const refused = async () => {
  throw Object.assign(new Error('secret value 42'), { code: '57P03' });
};

describe('an answer that comes in the end is taken as it is', () => {
  test('at once, without a pause', async () => {
    const { result, waited, asked } = await read(source([entry()]));
    expect(result).toMatchObject({ measures: { planning_time: 0, execution_time: 1, usual_time: 13 }, lacking: {} });
    expect({ waited, asked }).toEqual({ waited: [], asked: 1 });
  });

  test('after three empty ones, with the pauses between them', async () => {
    const { result, waited, asked } = await read(source([], [], [], [entry()]));
    expect(result).toMatchObject({ measures: { execution_time: 1 } });
    expect({ waited, asked }).toEqual({ waited: [75, 150, 300], asked: 4 });
  });

  test('after a partial one, an error, and an entry of the beginning alone', async () => {
    const begun = entry({ state: 'started', measures: {} });
    const partial = withMeasure('rows', undefined);
    const { result, asked } = await read(source([partial], refused, [begun], [begun, entry()]));
    expect(result).toMatchObject({ measures: { rows: 3 } });
    expect(asked).toBe(4);
  });

  test('after a source that did not answer at all', async () => {
    const { result, waited } = await read(source(nothing, [entry()]));
    expect(result).toMatchObject({ measures: { execution_time: 1 } });
    expect(waited).toEqual([ANSWER_WITHIN_MS, 75]);
  });

  test('without what the source says that it lacks, and never with a zero for it', async () => {
    const { measures } = entry() as LogEntry;
    const { cpu_time: _left, ...others } = measures;
    const { result } = await read(source([entry({ measures: others, lacking: { cpu_time: 'not counted' } })]));
    expect(result).toMatchObject({ lacking: { cpu_time: 'not counted' } });
    expect((result as { measures: object }).measures).not.toHaveProperty('cpu_time');
  });
});

describe('an answer that stays wrong is an error, which names the query, the attempts, what came and what was expected', () => {
  test.each([
    ['nothing in it', [], 'no entry'],
    ['the same entry twice', [entry(), entry()], '2 finished entries'],
    ['an entry that never finishes', [entry({ state: 'started' })], '1 entries, none of them finished'],
    ['a query that failed', [entry({ state: 'failed' })], 'the query failed'],
    ['an entry of another query', [entry({ queryId: 'other' })], 'an entry of another query'],
    ['NaN', [withMeasure('execution_time', { value: Number.NaN, unit: 'ms' })], 'execution_time is NaN'],
    ['infinity', [withMeasure('cpu_time', { value: Number.POSITIVE_INFINITY, unit: 'ms' })], 'cpu_time is Infinity'],
    ['a negative number', [withMeasure('rows', { value: -3, unit: 'rows' })], 'rows is negative (-3)'],
    ['a number as text', [withMeasure('rows', { value: '7', unit: 'rows' })], 'rows is "7"'],
    ['a partial row', [withMeasure('wal_size', undefined)], 'a partial entry: wal_size is missing'],
    [
      'a unit that nobody knows',
      [withMeasure('rows', { value: 1, unit: 'lines' })],
      'rows is in the unknown unit "lines"',
    ],
    ['a unit of another measure', [withMeasure('rows', { value: 1, unit: 'ms' })], 'rows is in "ms" instead of rows'],
    ['a measure that nobody knows', [entry({ measures: { colour: { value: 1, unit: 'ms' } } })], '"colour"'],
    ['no plan', [entry({ plan: undefined })], 'plan is no plan'],
    [
      'a plan with impossible counts',
      [entry({ plan: { ...STEP, children: [{ ...STEP, rows: -1 }] } })],
      'plan is no plan',
    ],
    ['no triggers', [entry({ triggers: undefined })], 'no list of triggers'],
    [
      'a trigger that took NaN',
      [entry({ triggers: [{ name: 't', calls: 1, timeMs: Number.NaN }] })],
      'no list of triggers',
    ],
    ['no list', { rows: [] }, 'no list of entries, but a object'],
    ['null', null, 'no list of entries, but null'],
    ['an error', refused, 'an error (57P03)'],
    ['no answer', nothing, `nothing within ${ANSWER_WITHIN_MS} ms`],
  ])('%s', async (_what, answer, fault) => {
    const { result, waited, asked } = await read(source(answer));
    expect(result).toBeInstanceOf(HexclaveError);
    const { code, message } = result as HexclaveError;
    expect(code).toBe('PROFILE_RESULT_UNUSABLE');
    expect(message).toContain(ID);
    expect(message).toContain('in 6 attempts');
    expect(message.split(fault)).toHaveLength(7);
    expect(message).toContain('Expected: exactly one finished entry for the query id');
    expect(message).not.toContain('secret');
    expect(waited.filter((pause) => pause !== ANSWER_WITHIN_MS)).toEqual([75, 150, 300, 600, 1_200]);
    expect(asked).toBe(6);
  });

  test('what no reason excuses: a profile without its time', async () => {
    const { measures } = entry() as LogEntry;
    const { execution_time: _left, ...others } = measures;
    const { result } = await read(source([entry({ measures: others, lacking: { execution_time: 'who knows' } })]));
    expect((result as Error).message).toContain('a partial entry: execution_time is missing');
  });

  test('tells in its message what came each time, in that order, and what was expected', async () => {
    const answers = [[], [entry(), entry()], [withMeasure('rows', { value: -3, unit: 'rows' })]];
    const { result } = await read(source(...answers, refused, nothing, null));
    expect((result as Error).message).toBe(
      `The measurements of query ${ID} could not be read in 6 attempts. What came back: 1: no entry; 2: 2 finished entries; ` +
        `3: rows is negative (-3); 4: an error (57P03); 5: nothing within ${ANSWER_WITHIN_MS} ms; 6: no list of entries, but null. ` +
        'Expected: exactly one finished entry for the query id, with every measure a finite number of at least 0 in its own unit, ' +
        'or a reason for its absence.',
    );
    expect((result as HexclaveError).remedy).toContain('Profile again');
  });

  test('with other pauses than the usual ones', async () => {
    const { waited, asked } = await read(source([]), { delaysMs: [1, 2] });
    expect({ waited, asked }).toEqual({ waited: [1, 2], asked: 3 });
  });

  test('nothing more is asked once the caller has gone', async () => {
    const caller = new AbortController();
    const from = source(() => {
      caller.abort();
      return Promise.resolve([]);
    });
    const { clock } = fakeClock();
    await expect(readResult(from, ID, patience(clock), caller.signal)).rejects.toThrow('aborted');
    expect(from.asked()).toBe(1);
  });
});
