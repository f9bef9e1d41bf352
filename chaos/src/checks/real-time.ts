import { readFileSync } from 'node:fs';

/** How exact the time since the start of the machine is. */
export const RESOLUTION_MS = 10;

const UPTIME = '/proc/uptime';
/** So many looks at the two clocks: one of them is right after a tick. */
const LOOKS = 2_000;

/**
 * A function that tells the true time, at most {@link RESOLUTION_MS} late, while the clock of the database is moved: by the
 * time since the start of the machine. Elsewhere than on Linux no clock is moved.
 */
export function realTimeSql(): string {
  const startedAt = machineStartedAt();
  const time =
    startedAt === null
      ? 'clock_timestamp()'
      : `to_timestamp(${startedAt} + split_part(pg_read_file('${UPTIME}', 0, 100), ' ', 1)::float8)`;
  return `CREATE FUNCTION chaos.real_time() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT ${time} $$`;
}

/** In s since 1970; `null` where the system does not tell. */
function machineStartedAt(): number | null {
  try {
    const looks = Array.from({ length: LOOKS }, () => Date.now() / 1_000 - uptime());
    return Math.min(...looks);
  } catch {
    return null;
  }
}

const uptime = (): number => Number(readFileSync(UPTIME, 'utf8').split(' ')[0]);
