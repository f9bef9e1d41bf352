import { type Remote, startRemote } from '@hexclave/testing/rpc';
import type { WorkerHandlers } from '../processes/worker.ts';
import { type Clock, clearAfter } from './faketime.ts';

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
  readonly clock: Clock | null;
};

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { name, script, connectionString, secret, loops, onOutput, clock } = options;
  const spawn = async () => {
    const remote = startRemote<WorkerHandlers>(script, { onOutput, env: clock?.env });
    await remote.call('start', { name, connectionString, secret, loops });
    return remote;
  };
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
      if (clock !== null) await clearAfter(remote.pid);
      remote = await spawn();
    },
    moveClock: async (seconds) => clock?.move(seconds),
    stop: async () => {
      // One that was stopped by a signal could not even end.
      remote.kill('SIGCONT');
      await remote.stop();
      if (clock !== null) await clearAfter(remote.pid);
    },
  };
}
