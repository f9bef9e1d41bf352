import type pg from 'pg';
import type { ServerFacts } from './server.ts';

/** What is counted: the execution of one statement, or all that one message to the server has it do. */
type Counted = 'executor' | 'statement';

/** Has the server tell the client what its process uses, and nobody else: its log stays as it is. */
export function countCpu({ isSuperuser }: ServerFacts, counted: Counted): string[] {
  if (!isSuperuser) return [];
  return [
    ...['executor', 'statement', 'parser', 'planner'].map((each) => `SET LOCAL log_${each}_stats = off`),
    'SET LOCAL log_min_messages = panic',
    'SET LOCAL client_min_messages = log',
    `SET LOCAL log_${counted}_stats = on`,
  ];
}

const TITLES: Readonly<Record<Counted, string>> = { executor: 'EXECUTOR STATISTICS', statement: 'QUERY STATISTICS' };
const USAGE = /([\d.]+) s user, ([\d.]+) s system/;

/** Runs `work` and tells what its last statement used, in ms; `undefined`: the server did not say. */
export async function withCpu<T>(
  client: pg.ClientBase,
  counted: Counted,
  work: () => Promise<T>,
): Promise<{ result: T; cpuMs: number | undefined }> {
  let last: string | undefined;
  const listen = ({ message, detail }: { message?: string | undefined; detail?: string | undefined }) => {
    if (message === TITLES[counted]) last = detail;
  };
  client.on('notice', listen);
  try {
    const result = await work();
    const found = USAGE.exec(last ?? '');
    return { result, cpuMs: found === null ? undefined : (Number(found[1]) + Number(found[2])) * 1_000 };
  } finally {
    client.off('notice', listen);
  }
}
