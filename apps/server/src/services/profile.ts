import { PROFILE_VERDICTS, PROFILED_STATEMENT_NAMES, type ProfileVerdict } from '@hexclave/config';
import {
  KnownError,
  type MappingProfile,
  type Profile,
  type ProfileHistory,
  type ProfileHistoryQuery,
  type ProfileRequest,
  type ProfileStep,
  type StatementProfile,
} from '@hexclave/contract';
import {
  type KeptProfile,
  listProfiles as listKept,
  type PlanNode,
  type ProfileComparison,
  type StatementProfile as Profiled,
  type MappingProfile as ProfiledMapping,
  type ProfileStep as ProfiledStep,
  type Profiler,
} from '@hexclave/sync';
import { type Doer, recordAudit } from './audit.ts';
import type { ConfigServices } from './config.ts';
import type { Target } from './target-project.ts';
import { copiedMappings } from './verification.ts';

type Services = Pick<ConfigServices, 'database' | 'mappings'> & { readonly profiler: Profiler };

/** Who waits for a profile. */
type Watch = { readonly signal: AbortSignal; readonly onStep: (step: ProfileStep) => void };

/** Measures what the statements of a copy cost. */
export async function profile(
  services: Services,
  by: Doer,
  { tenancyId, projectId }: Target,
  { external_database_id: externalDatabaseId, mapping, fire_triggers: fireTriggers }: ProfileRequest,
  { signal, onStep }: Watch,
): Promise<Profile> {
  await copiedMappings(services, tenancyId, externalDatabaseId, mapping);
  const audit = (after: object, result: 'done' | 'failed') =>
    recordAudit(services.database, by, {
      ...{ action: 'sync.profile', projectId, externalDatabaseId, mapping, result },
      after: { ...after, fire_triggers: fireTriggers },
    });
  const request = { tenancyId, externalDatabaseId, mapping, fireTriggers };
  const watch = { signal, onStep: (step: ProfiledStep) => onStep(toStep(step)) };
  const profiles = await services.profiler(request, watch).catch(async (error: unknown) => {
    // Some of the statements have been run, whatever has come in between.
    await audit({}, 'failed').catch(() => undefined);
    throw error;
  });
  // Removed at this very moment.
  if (profiles === null) throw notFound(externalDatabaseId);
  const mappings = profiles.map(toMappingProfile);
  const verdict = worst(mappings.flatMap(({ statements }) => statements.map((statement) => statement.verdict)));
  await audit({ verdict }, 'done');
  return { external_database_id: externalDatabaseId, verdict, mappings };
}

/** The latest profiles, the oldest first. */
export async function listProfiles(
  services: Omit<Services, 'profiler'>,
  { tenancyId }: Target,
  { external_database_id: externalDatabaseId, mapping, runs }: ProfileHistoryQuery,
): Promise<ProfileHistory> {
  await copiedMappings(services, tenancyId, externalDatabaseId, mapping);
  const kept = await listKept(services.database, { tenancyId, externalDatabaseId, mapping }, runs);
  return { is_paginated: false, items: [...byRun(kept).values()].map(toMappingProfile) };
}

function byRun(kept: readonly KeptProfile[]): Map<string, ProfiledMapping> {
  const found = new Map<string, ProfiledMapping>();
  for (const { runId, mapping, at, profile: statement } of kept) {
    const before = found.get(runId)?.statements ?? [];
    found.set(runId, { runId, mapping, at, statements: [...before, statement] });
  }
  return found;
}

function notFound(externalDatabaseId: string) {
  return new KnownError('EXTERNAL_DATABASE_NOT_FOUND', { external_database_id: externalDatabaseId });
}

function worst(verdicts: readonly ProfileVerdict[]): ProfileVerdict {
  return PROFILE_VERDICTS.find((verdict) => verdicts.includes(verdict)) ?? 'good';
}

function toMappingProfile({ runId, mapping, at, statements }: ProfiledMapping): MappingProfile {
  const place = (statement: Profiled) => PROFILED_STATEMENT_NAMES.indexOf(statement.statement);
  const ordered = [...statements].sort((a, b) => place(a) - place(b));
  return { run_id: runId, mapping, at_millis: at.getTime(), statements: ordered.map(toStatement) };
}

function toStep({ mapping, profile: statement, done, total }: ProfiledStep): ProfileStep {
  return { mapping, statement: toStatement(statement), done, total };
}

function toStatement({ statement, side, queryId, server, verdict, findings, outcome }: Profiled): StatementProfile {
  const measured = outcome.kind === 'measured' ? outcome : null;
  return {
    ...{ statement, side, query_id: queryId, server_version: server, verdict, findings: [...findings] },
    outcome: outcome.kind,
    measures: measured === null ? null : { ...measured.measures },
    lacking: { ...measured?.lacking },
    plan: measured?.plan == null ? [] : flatten(measured.plan, 0),
    plan_digest: measured?.planDigest ?? null,
    indexes_used: [...(measured?.indexesUsed ?? [])],
    triggers: (measured?.triggers ?? []).map(({ name, calls, timeMs }) => ({ name, calls, time_millis: timeMs })),
    comparison: measured?.comparison == null ? null : toComparison(measured.comparison),
    error: outcome.kind === 'failed' ? errorOf(outcome) : null,
    skipped: outcome.kind === 'skipped' ? { reason: outcome.reason, message: outcome.message } : null,
  };
}

function toComparison({ runs, samePlan, indexesGone, changes }: ProfileComparison): StatementProfile['comparison'] {
  return { runs, same_plan: samePlan, indexes_gone: [...indexesGone], changes };
}

function errorOf({ code, sqlState, message, remedy }: Extract<Profiled['outcome'], { kind: 'failed' }>) {
  return { code, sql_state: sqlState, message, remedy };
}

function flatten(plan: PlanNode, depth: number): StatementProfile['plan'] {
  const { node, relation, index, rows, expectedRows, loops, removedRows, children } = plan;
  const own = { node, relation, index, rows, expected_rows: expectedRows, loops, removed_rows: removedRows, depth };
  return [own, ...children.flatMap((child) => flatten(child, depth + 1))];
}
