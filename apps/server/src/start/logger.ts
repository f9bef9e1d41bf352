import type { Environment } from '@hexclave/env';
import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';

/** Logs as JSON lines, and in a developer's terminal as readable ones. */
export async function createLogger({ nodeEnv, logLevel }: Environment): Promise<Logger> {
  const pretty = nodeEnv !== 'production' && process.stdout.isTTY ? await prettyStream() : undefined;
  const options = { level: logLevel, mixin: traceOfLine };
  return pretty === undefined ? pino(options) : pino(options, pretty);
}

/** The trace that a line belongs to, where there is one. */
function traceOfLine(): { trace_id?: string } {
  const traceId = trace.getActiveSpan()?.spanContext().traceId;
  return traceId === undefined ? {} : { trace_id: traceId };
}

/** `undefined` where only what production needs is installed. */
async function prettyStream(): Promise<DestinationStream | undefined> {
  try {
    const { default: pretty } = await import('pino-pretty');
    return pretty({
      ignore: 'pid,hostname,request_id,key_set_id,trace_id',
      singleLine: true,
      translateTime: 'SYS:HH:MM:ss',
      sync: true,
    });
  } catch {
    return undefined;
  }
}
