import type { Database } from '@hexclave/db';
import type { Catalog } from '@hexclave/sync';
import type { Logger } from 'pino';
import { describeFailure } from '../http/errors.ts';
import { createStatusReader, type StatusReader } from './status.ts';
import { createStatusHub, type StatusHub } from './status-hub.ts';
import { createStreamAccess, type StreamAccess } from './stream-access.ts';

/** The status of every copy: read once, or followed by who is allowed to. */
export type StatusService = { readonly reader: StatusReader; readonly hub: StatusHub; readonly access: StreamAccess };

export type StatusServiceOptions = {
  readonly database: Database;
  readonly catalog: Catalog;
  /** Ends all streams when the server stops. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
};

export function createStatusService({ database, catalog, signal, logger }: StatusServiceOptions): StatusService {
  const reader = createStatusReader(database, catalog);
  const onError = (error: unknown) => logger.error({ failure: describeFailure(error) }, 'the status could not be read');
  return { reader, hub: createStatusHub({ reader, signal, onError }), access: createStreamAccess(database, onError) };
}
