import type { Database } from '@hexclave/db';
import { isPortFree } from '@hexclave/embedded-postgres';
import { CATALOGUE, loadEnvironment } from '@hexclave/env';
import { DRIFT_REMEDY, describeDrift, findDrift, listMigrations } from '@hexclave/migrations';
import { checkInternalDatabase, portsOf } from '@hexclave/server';
import type { Context } from '../../context.ts';
import { withInternalDatabase } from '../../internal-database.ts';
import { counted, duration } from '../../output/words.ts';
import { type Check, fail, ok, skip, warn } from './check.ts';

/** A server process may open that many, and an operator wants to get in too. */
const CONNECTIONS_OF_A_SERVER = 40;
const NOTICEABLE_SKEW_MS = 2_000;
/** Signed requests are believed for five minutes. */
const HARMFUL_SKEW_MS = 120_000;

export async function checkDatabase(context: Context): Promise<Check[]> {
  const { databaseConnectionString, portPrefix } = loadEnvironment(CATALOGUE, { environment: context.source });
  if (databaseConnectionString === undefined && (await isPortFree(portsOf(portPrefix).postgres))) {
    return [skip('database', 'PostgreSQL from npm is not running; hexclave dev starts it')];
  }
  return withInternalDatabase(context, async (database) => {
    const notes: string[] = [];
    const say = (line: string) => notes.push(line);
    await checkInternalDatabase(database, { patienceMs: 0, signal: new AbortController().signal, say });
    return [
      ...(await checkSettings(database, notes)),
      ...(await checkMigrations(database, context)),
      ...(await checkDrift(database, context)),
      ...(await checkClock(database)),
    ];
  });
}

type Facts = {
  version: string;
  place: string;
  fsync: string;
  fullPageWrites: string;
  maxConnections: number;
  used: number;
};

async function checkSettings(database: Database, notes: readonly string[]): Promise<Check[]> {
  const [facts] = await database.query<Facts>(
    `SELECT current_setting('server_version') AS "version", current_database() AS "place",
       current_setting('fsync') AS "fsync", current_setting('full_page_writes') AS "fullPageWrites",
       current_setting('max_connections')::int AS "maxConnections",
       (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS "used"`,
  );
  if (facts === undefined) return [];
  const { version, place, fsync, fullPageWrites, maxConnections, used } = facts;
  const unsafe = [...(fsync === 'on' ? [] : ['fsync']), ...(fullPageWrites === 'on' ? [] : ['full_page_writes'])];
  return [
    ok('database', `PostgreSQL ${version}, database ${place}`),
    ...notes.map((note) => warn('database', note, 'Use a version that is tested.')),
    ...unsafe.map((name) =>
      warn(
        'durability',
        `${name} is off: a crash of the machine can lose or damage data.`,
        `ALTER SYSTEM SET ${name} = on;`,
      ),
    ),
    maxConnections < CONNECTIONS_OF_A_SERVER
      ? warn(
          'connections',
          `max_connections is ${maxConnections}.`,
          'ALTER SYSTEM SET max_connections = 100; and restart it.',
        )
      : ok('connections', `${used} of ${maxConnections} in use`),
  ];
}

async function checkMigrations(database: Database, { assets }: Context): Promise<Check[]> {
  const migrations = await listMigrations(database, { directory: assets.migrationsDirectory });
  const pending = migrations.filter(({ state }) => state === 'pending');
  const unknown = migrations.filter(({ state }) => state === 'unknown');
  const breaking = unknown.find(({ applied }) => applied?.compatibility === 'breaking');
  if (breaking !== undefined) {
    return [
      fail(
        'migrations',
        `${breaking.name} is of a newer version that this one cannot work with.`,
        'Use the newer version.',
      ),
    ];
  }
  if (pending.length > 0) {
    return [
      warn(
        'migrations',
        `${counted(pending.length, 'migration')} not applied yet.`,
        'hexclave migrate, or start the server.',
      ),
    ];
  }
  return [
    ok(
      'migrations',
      `${counted(migrations.length, 'migration')} applied${unknown.length > 0 ? ', some of a newer version' : ''}`,
    ),
  ];
}

async function checkClock(database: Database): Promise<Check[]> {
  const before = Date.now();
  const [row] = await database.query<{ now: number }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "now"',
  );
  const skew = (row?.now ?? 0) - (before + Date.now()) / 2;
  return [judgeSkew('clock of the database', skew)];
}

/** `skew`: how many ms the other clock is ahead of this machine's. */
export function judgeSkew(name: string, skew: number): Check {
  const size = Math.abs(skew);
  const message = `It is ${duration(size)} ${skew < 0 ? 'behind' : 'ahead of'} the clock of this machine.`;
  const remedy = 'Set both by NTP: timedatectl set-ntp true.';
  if (size > HARMFUL_SKEW_MS) return fail(name, `${message} Signed requests are refused.`, remedy);
  if (size > NOTICEABLE_SKEW_MS) return warn(name, message, remedy);
  return ok(name, `within ${duration(Math.max(1, size))} of this machine’s`);
}

const SHOWN_DIFFERENCES = 5;

/** Triggers, functions, columns, constraints and indexes against what the migrations make. */
async function checkDrift(database: Database, { assets }: Context): Promise<Check[]> {
  const report = await findDrift(database, { directory: assets.migrationsDirectory });
  if (!report.comparable) return [skip('schema', 'not compared: the migrations are not those of this version')];
  if (report.drift.length === 0) return [ok('schema', 'as the migrations made it')];
  return [warn('schema', describeDrift(report.drift, SHOWN_DIFFERENCES), DRIFT_REMEDY)];
}
