import type { KnownError } from '@hexclave/contract';
import { encodeEvent, eventResponse } from './event-stream.ts';
import { followHangUp } from './hang-up.ts';

/** What a handler that takes its time has to do with whoever waits for it. */
export type Work<Step = never> = {
  /** Aborts when the caller has hung up. */
  readonly signal: AbortSignal;
  /** Tells a step, if the caller wants to know. */
  readonly onStep: (step: Step) => void;
};

/**
 * Answers with the steps of `work` as they come, and then with its reply. What fails before the first step is thrown, and
 * answered as everywhere.
 */
export async function stepStream(
  work: (work: Work<object>) => Promise<object>,
  callerSignal: AbortSignal,
  toKnownError: (error: unknown) => KnownError,
): Promise<Response> {
  const { signal, body, send, close } = openBody(callerSignal);
  let begin: () => void = () => undefined;
  const firstStep = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const onStep = (step: object) => {
    send('step', step);
    begin();
  };
  const done = work({ signal, onStep }).then((reply) => send('result', reply));
  // Either the answer begins now, or it never does.
  await Promise.race([firstStep, done]);
  void done.catch((error: unknown) => send('error', toKnownError(error).toJson())).then(close);
  return eventResponse(body);
}

/** The body of an answer, and a signal that aborts when nobody reads it any more. */
function openBody(callerSignal: AbortSignal) {
  const hangUp = followHangUp(callerSignal);
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (started) => {
      controller = started;
    },
    cancel: () => hangUp.abort(),
  });
  return {
    signal: hangUp.signal,
    body,
    send: (name: string, data: object) => {
      if (!hangUp.signal.aborted) controller?.enqueue(encodeEvent(name, data));
    },
    close: () => {
      if (!hangUp.signal.aborted) controller?.close();
    },
  };
}
