import type { Queryable } from '@hexclave/db';
import { CANARIES } from '../stage/secrets.ts';
import type { Stage } from '../stage/stage.ts';
import type { Target } from '../stage/target.ts';
import type { Violation } from './violation.ts';

/** Looks for canaries in one text. */
export function findLeaks(place: string, text: string, canaries: readonly string[] = CANARIES): Violation[] {
  return canaries
    .filter((canary) => text.includes(canary))
    .map((canary) => ({
      kind: 'secret leaked',
      what: `${canary}… is in ${place}: ${surroundings(text, canary)}`,
    }));
}

/** The same in everything that was logged, and in what is kept to be shown. */
export async function findLeaksInKept(stage: Stage): Promise<Violation[]> {
  return [
    ...findLeaks('the logs', stage.output()),
    ...findLeaks('the kept state', await keptState(stage.internal)),
    ...findLeaks('the parked rows', await parkedRows(stage.targets)),
  ];
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
