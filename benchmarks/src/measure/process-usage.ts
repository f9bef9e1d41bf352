import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** The kernel counts CPU time in ticks of this many ms (USER_HZ is 100 on every Linux). */
const TICK_MS = 10;
const SAMPLE_MS = 25;

/** Milliseconds of CPU that a process has used so far. Linux only. */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name may hold spaces; the fields count from behind it: utime and stime are the 14th and 15th of all.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Resident memory of a process in MiB. Linux only. */
export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** Runs `work` and returns the most resident memory, in MiB, that the process was seen with meanwhile. */
export async function peakResidentMiB(pid: number, work: () => Promise<void>): Promise<number> {
  let peak = await residentMiB(pid);
  let running = true;
  const sampling = (async () => {
    while (running) {
      peak = Math.max(peak, await residentMiB(pid));
      await delay(SAMPLE_MS);
    }
  })();
  try {
    await work();
  } finally {
    running = false;
    await sampling;
  }
  return peak;
}
