import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { currentEnvironment } from '@hexclave/env';

/** What a process of ours can be asked to do. Arguments and results are cloned, so bigints and Maps are fine. */
export type Handlers = Record<string, (...args: never[]) => Promise<unknown>>;

type Call = { readonly id: number; readonly method: string; readonly args: readonly never[] };
type Reply = { readonly id: number; readonly result?: unknown; readonly error?: string };

/** Answers calls of the parent for as long as it lives. */
export function serve(handlers: Handlers): void {
  // Ctrl-C reaches the whole process group; the parent puts us away in its own order.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit());
  process.on('message', (call: Call) => {
    answer(handlers, call).then(
      (reply) => process.send?.(reply),
      () => process.exit(1),
    );
  });
}

async function answer(handlers: Handlers, { id, method, args }: Call): Promise<Reply> {
  try {
    return { id, result: await handlers[method]?.(...args) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** How a process is started besides its script. */
export type RemoteOptions = {
  readonly execArgv?: readonly string[];
  /** Besides our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Takes what the process prints; otherwise it goes where ours does. */
  readonly onOutput?: (text: string) => void;
};

/** A process that answers `H`. */
export type Remote<H extends Handlers> = {
  readonly pid: number;
  /** Rejects what is under way when the process ends. */
  call<M extends keyof H & string>(method: M, ...args: Parameters<H[M]>): ReturnType<H[M]>;
  /** Sends a signal, for tests of faults. */
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the process has ended, however that comes. */
  readonly ended: Promise<void>;
  /** Resolves when the process has ended. */
  stop(): Promise<void>;
};

const STOP_MS = 5_000;

/** Starts a bundled script as a process of its own. */
export function startRemote<H extends Handlers>(script: string, options: RemoteOptions = {}): Remote<H> {
  const child = fork(script, {
    serialization: 'advanced',
    execArgv: [...(options.execArgv ?? [])],
    env: { ...currentEnvironment(), ...options.env },
    silent: options.onOutput !== undefined,
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => options.onOutput?.(chunk.toString()));
  }
  const pending = new Map<number, (reply: Reply) => void>();
  let nextId = 1;
  child.on('message', (reply: Reply) => {
    pending.get(reply.id)?.(reply);
    pending.delete(reply.id);
  });
  child.on('exit', (code, signal) => {
    for (const [id, settle] of pending) settle({ id, error: `${script} ended (${signal ?? code})` });
    pending.clear();
  });
  const call = (method: string, ...args: never[]) =>
    new Promise((resolve, reject) => {
      const id = nextId++;
      pending.set(id, ({ result, error }) => (error === undefined ? resolve(result) : reject(new Error(error))));
      // A process that has just ended is told of by its exit.
      child.send({ id, method, args } satisfies Call, (error) => {
        if (error !== null) pending.get(id)?.({ id, error: `${script} cannot be reached: ${error.message}` });
      });
    });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    pid: child.pid ?? 0,
    call: call as unknown as Remote<H>['call'],
    kill: (signal) => void child.kill(signal),
    ended,
    stop: () => stop(child),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const insist = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  if (child.connected) child.disconnect();
  await ended;
  clearTimeout(insist);
}
