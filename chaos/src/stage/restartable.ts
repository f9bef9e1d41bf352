import type { Cluster } from '@hexclave/embedded-postgres';

/** A cluster that can be stopped or killed, and comes back on the same port with the same data. */
export type Restartable = {
  current(): Cluster;
  /** `crash` leaves everything to recovery. */
  restart(how: 'orderly' | 'crash'): Promise<void>;
  /** Stops it until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
};

export async function createRestartable(startOn: (port?: number) => Promise<Cluster>): Promise<Restartable> {
  let current = await startOn();
  const { port } = current;
  const stop = (how: 'orderly' | 'crash') => current.stop(how === 'crash' ? 'immediate' : 'fast');
  const start = async () => {
    current = await startOn(port);
  };
  return {
    current: () => current,
    restart: async (how) => {
      await stop(how);
      await start();
    },
    stop: () => stop('orderly'),
    start,
  };
}
