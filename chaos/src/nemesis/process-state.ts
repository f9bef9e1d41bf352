import { readFile } from 'node:fs/promises';

/** The letter that Linux has for what a process does, `T` if it was stopped; `null` if there is none, or no Linux. */
export async function stateOfProcess(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return /^\d+ \(.*\) (\S)/.exec(stat)?.[1] ?? null;
}
