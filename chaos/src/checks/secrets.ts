import { openApiDocument } from '@hexclave/contract';
import type { Queryable } from '@hexclave/db';
import { CANARIES } from '../stage/secrets.ts';
import type { Stage } from '../stage/stage.ts';
import type { Target } from '../stage/target.ts';
import type { Violation } from './violation.ts';

/** Looks for canaries in everything that was emitted: logs, answers, and what is kept to be shown. */
export async function findLeaks(stage: Stage): Promise<Violation[]> {
  const emitted: Record<string, string> = {
    'the logs': stage.output(),
    'the kept state': await keptState(stage.internal),
    'the parked rows': await parkedRows(stage.targets),
    ...(await answers(stage)),
  };
  return Object.entries(emitted).flatMap(([place, text]) =>
    CANARIES.filter((canary) => text.includes(canary)).map((canary) => ({
      kind: 'secret leaked' as const,
      what: `${canary}… is in ${place}: ${surroundings(text, canary)}`,
    })),
  );
}

const SHOWN = 160;

function surroundings(text: string, canary: string): string {
  const place = text.indexOf(canary);
  return JSON.stringify(text.slice(Math.max(0, place - SHOWN), place + SHOWN));
}

/** The tables that status, dashboards and operators read. */
const KEPT = ['ExternalDatabaseState', 'ExternalDatabaseMappingState', 'OutgoingRequest', 'DeletedRow'];

async function keptState(db: Queryable): Promise<string> {
  const texts = await Promise.all(
    KEPT.map((table) => db.query<{ text: string }>(`SELECT row_to_json(t)::text AS text FROM "${table}" t`)),
  );
  return texts.flatMap((rows) => rows.map(({ text }) => text)).join('\n');
}

/** Of a row that a target refuses only the key is kept there, and the kind of error. Also of those that are mended now. */
async function parkedRows(targets: readonly Target[]): Promise<string> {
  const texts = await Promise.all(
    targets.map(({ db }) =>
      db.query<{ text: string }>(`SELECT detail::text AS text FROM chaos.history WHERE what = 'parked'`),
    ),
  );
  return texts.flatMap((rows) => rows.map(({ text }) => text)).join('\n');
}

/** Whatever can be read without naming a thing, and where metrics would be. */
async function answers(stage: Stage): Promise<Record<string, string>> {
  const paths = Object.entries(openApiDocument('chaos').paths ?? {})
    .filter(([path, methods]) => methods?.get !== undefined && !path.includes('{'))
    .map(([path]) => `/api/v1${path}`);
  const read: Record<string, string> = {};
  for (const path of new Set([...paths, '/health', '/metrics'])) {
    const [worker] = stage.workers;
    if (worker !== undefined) read[`the answer of ${path}`] = (await worker.call('get', path, {})).body;
  }
  return read;
}
