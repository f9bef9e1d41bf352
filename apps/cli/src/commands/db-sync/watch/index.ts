import type { StatusSnapshot } from '@hexclave/contract';
import { applyStatusMessage, type StatusMessage } from '@hexclave/sdk';
import type { Context } from '../../../context.ts';
import { command } from '../../../declare/command.ts';
import { flag } from '../../../declare/values.ts';
import { projectApiOf } from '../project-api.ts';
import { factLines, signatures } from './lines.ts';
import { showLive } from './live.ts';

type Messages = AsyncIterable<StatusMessage>;

export const watch = command({
  name: 'watch',
  summary: 'Watch the copies live',
  details:
    'Rates, backlogs, delays and errors as they change, and again by itself after the connection was lost. In a terminal: q quits, p holds the picture. In a pipe: a line for each change; with --json each message of the stream on a line of its own.',
  options: { all: flag('--all', 'all projects, as the operator') },
  examples: ['hexclave db-sync watch', 'hexclave db-sync watch --all', 'hexclave db-sync watch --json | jq .type'],
  json: {
    words: 'the messages of the stream, one a line: `{"type": "snapshot" | "change" | "heartbeat", "data": …}`.',
  },
  run: async ({ options }, context) => {
    const stopping = new AbortController();
    context.signal.addEventListener('abort', () => stopping.abort(), { once: true });
    const messages = await open(options.all, context, stopping.signal);
    try {
      if (context.options.json) await printMessages(messages, context);
      else if (context.stdout.isTTY) await showLive(messages, context, () => stopping.abort());
      else await printLines(messages, context);
    } catch (error) {
      if (!stopping.signal.aborted) throw error;
    }
    return undefined;
  },
});

async function open(all: boolean, context: Context, signal: AbortSignal): Promise<Messages> {
  if (all) return (await context.operatorApi()).dbSync.watch({ scope: 'all' }, { signal });
  const { api, query } = await projectApiOf(context);
  return api.dbSync.watch({ scope: 'tenancy', ...query }, { signal });
}

async function printMessages(messages: Messages, { stdout }: Context): Promise<void> {
  for await (const message of messages) {
    const shown = message.type === 'disconnected' ? { ...message, error: message.error.message } : message;
    stdout.write(`${JSON.stringify(shown)}\n`);
  }
}

async function printLines(messages: Messages, { stdout, note }: Context): Promise<void> {
  let status: StatusSnapshot | undefined;
  let seen = new Map<string, string>();
  for await (const message of messages) {
    if (message.type === 'disconnected') note(`${message.error.message} Connecting again …`);
    status = applyStatusMessage(status, message);
    if (status === undefined) continue;
    const lines = factLines(status);
    const now = signatures(status);
    for (const [id, line] of lines) if (seen.get(id) !== now.get(id)) stdout.write(`${line}\n`);
    seen = now;
  }
}
