import { setTimeout as delay } from 'node:timers/promises';
import type { Stage } from '../stage/stage.ts';
import type { Worker } from '../stage/worker.ts';
import { prepareQuestions, type Question } from './questions.ts';
import { findLeaks } from './secrets.ts';
import type { Violation } from './violation.ts';

/** What server processes have answered, as far as it matters. */
export type Heard = {
  /** How many answers there were: of `/metrics`, and of API and dashboard. */
  readonly scrapes: number;
  readonly answers: number;
  readonly leaks: readonly Violation[];
  /** Codes of failures that metrics have counted; `PARKED` for rows that were refused. */
  readonly failures: ReadonlySet<string>;
};

export type Listener = {
  /** Asks for the last time, and for everything. */
  finish(): Promise<Heard>;
};

const EVERY_MS = 1_000;

/** Asks every server process again and again, as those do who look after it, and searches what it says. */
export async function startListener(stage: Stage): Promise<Listener> {
  const { always, once } = await questionsOf(stage);
  const ear = createEar();
  const stopping = new AbortController();
  const listening = stage.workers.map(async (worker) => {
    while (!stopping.signal.aborted) {
      await askAll(worker, always, ear);
      await delay(EVERY_MS, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    }
  });
  return {
    finish: async () => {
      stopping.abort();
      await Promise.all(listening);
      await askAtLast(stage, always, once, ear);
      return ear.heard();
    },
  };
}

/** The same without having listened before. */
export async function listenOnce(stage: Stage): Promise<Heard> {
  const { always, once } = await questionsOf(stage);
  const ear = createEar();
  await askAtLast(stage, always, once, ear);
  return ear.heard();
}

/** Each process has metrics of its own; the rest any of them answers from the database. */
async function askAtLast(
  { workers }: Stage,
  always: readonly Question[],
  once: readonly Question[],
  ear: Ear,
): Promise<void> {
  await Promise.all(workers.map((worker, index) => askAll(worker, index === 0 ? [...always, ...once] : always, ear)));
}

function questionsOf({ access, workers: [worker] }: Stage) {
  if (worker === undefined) throw new Error('There is nobody to be asked');
  return prepareQuestions(access, worker);
}

/** One after the other. A process that is killed meanwhile says nothing. */
async function askAll(worker: Worker, questions: readonly Question[], ear: Ear): Promise<void> {
  for (const question of questions) {
    const answer = await question.ask(worker).catch(() => null);
    if (answer !== null) ear.hear(question, answer);
  }
}

type Ear = ReturnType<typeof createEar>;

const SUCCESS = 200;

/** Searches answers, also those that are errors; only the others count. */
export function createEar() {
  const counts = { scrapes: 0, answers: 0 };
  const leaks = new Map<string, Violation>();
  const failures = new Set<string>();
  return {
    hear: (question: Omit<Question, 'ask'>, { status, body }: { status: number; body: string }) => {
      const { place, isMetrics, canaries } = question;
      if (status === SUCCESS) counts[isMetrics ? 'scrapes' : 'answers'] += 1;
      // The same place again says nothing new.
      for (const leak of findLeaks(place, body, canaries)) if (!leaks.has(place)) leaks.set(place, leak);
      if (isMetrics) for (const code of countedFailures(body)) failures.add(code);
    },
    heard: (): Heard => ({ ...counts, leaks: [...leaks.values()], failures }),
  };
}

const FAILURES = /^hexclave_sync_failures_total\{code="([^"]+)"\} [1-9]/gm;
const PARKED = /^hexclave_sync_rows_parked_total\{[^}]*\} [1-9]/m;

function countedFailures(metrics: string): string[] {
  const codes = [...metrics.matchAll(FAILURES)].map(([, code = '']) => code);
  return PARKED.test(metrics) ? [...codes, 'PARKED'] : codes;
}
