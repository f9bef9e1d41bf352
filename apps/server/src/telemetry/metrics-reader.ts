import type { Metrics } from './metrics.ts';

/** Reads all metrics of a process, as often as somebody asks, with bounded work. */
export type MetricsReader = {
  /** Called before every reading, for what is looked at rather than counted. */
  before(look: () => void): void;
  /** Reads what the internal database knows, into the metrics of the installation. Given once there is one. */
  installation(read: () => Promise<void>): void;
  read(): Promise<{ readonly contentType: string; readonly body: string }>;
};

/** So long what the database said is told again: any number of scrapes ask it no more often. */
const INSTALLATION_MS = 5_000;
/** Below the ten seconds after which a Prometheus gives up, with what the process itself counts still told. */
const PATIENCE_MS = 4_000;

export function createMetricsReader(metrics: Metrics, patienceMs: number = PATIENCE_MS): MetricsReader {
  const looks: (() => void)[] = [];
  let readInstallation: (() => Promise<void>) | undefined;
  let reading: Promise<void> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;

  const refresh = async (read: () => Promise<void>) => {
    try {
      await read();
      metrics.up.set(1);
    } catch {
      // Told by this metric, and by the log of whoever else needs the database.
      metrics.up.set(0);
      metrics.forgetInstallation();
    } finally {
      readAt = performance.now();
      reading = undefined;
    }
  };
  const installation = async () => {
    if (readInstallation === undefined || performance.now() - readAt < INSTALLATION_MS) return;
    reading ??= refresh(readInstallation);
    if (await isLate(reading, patienceMs)) {
      metrics.up.set(0);
      metrics.forgetInstallation();
    }
  };
  return {
    before: (look) => looks.push(look),
    installation: (read) => {
      readInstallation = read;
    },
    read: async () => {
      await installation();
      for (const look of looks) look();
      return { contentType: metrics.registry.contentType, body: await metrics.registry.metrics() };
    },
  };
}

async function isLate(work: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), milliseconds);
  });
  const done = work.then(() => false);
  return Promise.race([done, late]).finally(() => clearTimeout(timer));
}
