import { setTimeout as delay } from 'node:timers/promises';

const GIVE_UP_MS = 20_000;
const PAUSE_MS = 50;

/** Does something that fails while a database is being restarted or restored, again until it works. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
      await delay(PAUSE_MS);
    }
  }
}
