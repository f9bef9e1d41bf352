import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type pg from 'pg';

/** Far more than any answer that we ask a target for, which are positions, parked keys and counts. */
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * Cuts the connection when an answer grows beyond all reason: the driver would collect whatever a broken or hostile server
 * sends, until the memory is gone.
 */
export function capReceived(client: pg.Client): void {
  const { connection } = client as unknown as { connection: EventEmitter & { stream: Socket } };
  const watch = () => {
    const { stream } = connection;
    let answered = 0;
    client.on('drain', () => {
      answered = stream.bytesRead;
    });
    stream.on('data', () => {
      if (stream.bytesRead - answered > MOST_BYTES) stream.destroy(new Error('closed: the server sends too much'));
    });
  };
  connection.once('connect', watch);
  connection.once('sslconnect', watch);
}
