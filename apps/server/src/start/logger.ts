import type { Environment } from '@hexclave/env';
import { type DestinationStream, type Logger, pino } from 'pino';

/** Logs as JSON lines, and in a developer's terminal as readable ones. */
export async function createLogger({ nodeEnv, logLevel }: Environment): Promise<Logger> {
  const pretty = nodeEnv !== 'production' && process.stdout.isTTY ? await prettyStream() : undefined;
  return pretty === undefined ? pino({ level: logLevel }) : pino({ level: logLevel }, pretty);
}

/** `undefined` where only what production needs is installed. */
async function prettyStream(): Promise<DestinationStream | undefined> {
  try {
    const { default: pretty } = await import('pino-pretty');
    return pretty({
      ignore: 'pid,hostname,requestId,keySetId',
      singleLine: true,
      translateTime: 'SYS:HH:MM:ss',
      sync: true,
    });
  } catch {
    return undefined;
  }
}
