import { writeFile } from 'node:fs/promises';
import { type Remote, startRemote } from '@hexclave/testing/rpc';
import type { WorkerHandlers } from '../processes/worker.ts';

/** One server process, which can be killed, stopped for a while, and started again. */
export type Worker = {
  readonly name: string;
  readonly pid: number;
  call: Remote<WorkerHandlers>['call'];
  kill(signal: NodeJS.Signals): void;
  /** After SIGKILL: a new process in its place. */
  restart(): Promise<void>;
  /** Moves its clock, where libfaketime is there. */
  moveClock(seconds: number): Promise<void>;
  stop(): Promise<void>;
};

export type WorkerOptions = {
  readonly name: string;
  readonly script: string;
  readonly connectionString: string;
  readonly secret: string;
  /** Whether it runs the loops by itself; otherwise it does only what it is told. */
  readonly loops: boolean;
  readonly onOutput: (text: string) => void;
  /** The library and the file that says how far the clock is moved. */
  readonly clock: { readonly library: string; readonly file: string } | null;
};

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { name, script, connectionString, secret, loops, onOutput, clock } = options;
  const moveClock = async (seconds: number) => {
    if (clock !== null) await writeFile(clock.file, `${seconds >= 0 ? '+' : ''}${seconds}s\n`);
  };
  const spawn = async () => {
    const remote = startRemote<WorkerHandlers>(script, {
      onOutput,
      env: clock === null ? {} : clockEnvironment(clock),
    });
    await remote.call('start', { name, connectionString, secret, loops });
    return remote;
  };
  await moveClock(0);
  let remote = await spawn();
  return {
    name,
    get pid() {
      return remote.pid;
    },
    call: (method, ...args) => remote.call(method, ...args),
    kill: (signal) => remote.kill(signal),
    restart: async () => {
      await remote.ended;
      remote = await spawn();
    },
    moveClock,
    stop: async () => {
      // One that was stopped by a signal could not even end.
      remote.kill('SIGCONT');
      await remote.stop();
    },
  };
}

function clockEnvironment({ library, file }: { library: string; file: string }): Record<string, string> {
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}
