import type { StatusSnapshot } from '@hexclave/contract';
import { applyStatusMessage, type StatusMessage } from '@hexclave/sdk';
import { createLogUpdate } from 'log-update';
import type { Context } from '../../../context.ts';
import { stylesOf } from '../../../output/styles.ts';
import { frame, type View } from './frame.ts';
import { type History, record } from './history.ts';
import { listenToKeys } from './keys.ts';

const LOOK_EVERY_MS = 1_000;
/** Faster than that nobody can read. */
const DRAW_EVERY_MS = 100;

/** Shows the status as a picture that is drawn anew, until `messages` end. `quit` has to end them. */
export async function showLive(
  messages: AsyncIterable<StatusMessage>,
  context: Context,
  quit: () => void,
): Promise<void> {
  const screen = createScreen(context);
  const stopListening = context.stdin.isTTY ? listenToKeys(context.stdin, { quit, hold: screen.hold }) : undefined;
  const timers = [setInterval(screen.look, LOOK_EVERY_MS), setInterval(screen.draw, DRAW_EVERY_MS)];
  try {
    for await (const message of messages) screen.take(message);
  } finally {
    timers.forEach(clearInterval);
    stopListening?.();
    screen.close();
  }
}

function createScreen({ stdout, source }: Context) {
  const update = createLogUpdate(stdout);
  let status: StatusSnapshot | undefined;
  let receivedAt = 0;
  let history: History = new Map();
  let disconnected: View['disconnected'];
  let isHeld = false;
  let drawn = '';
  /** The database's clock, which goes on between messages. */
  const now = () => (status === undefined ? 0 : status.at_millis + (performance.now() - receivedAt));
  const draw = () => {
    const next = frame({ status, history, now: now(), disconnected, isHeld }, stylesOf(stdout, source));
    if (next === drawn || (isHeld && drawn.includes('held'))) return;
    drawn = next;
    update(next);
  };
  return {
    draw,
    hold: () => {
      isHeld = !isHeld;
      draw();
    },
    look: () => {
      if (status !== undefined && disconnected === undefined) history = record(history, status, now());
    },
    take: (message: StatusMessage) => {
      disconnected =
        message.type === 'disconnected' ? { message: message.error.message, retryInMs: message.retryInMs } : undefined;
      if (message.type === 'disconnected') return;
      const isFirst = status === undefined;
      status = applyStatusMessage(status, message);
      receivedAt = performance.now();
      if (isFirst && status !== undefined) history = record(history, status, now());
    },
    /** Leaves the last picture where it is. */
    close: () => update.done(),
  };
}
