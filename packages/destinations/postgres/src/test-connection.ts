import { setTimeout } from 'node:timers/promises';
import {
  boundedSignal,
  CONNECTION_STEPS,
  type ConnectionStep,
  type ConnectionStepName,
  type ConnectionTestResult,
  type ConnectionTestWatch,
  DestinationError,
  type SchemaState,
  type TestedPlace,
} from '@hexclave/sync';
import type pg from 'pg';
import { classify } from './classify.ts';
import { checkPrivileges, checkSchema, checkVersion, measureRoundTrip } from './connection-checks.ts';
import { type Place, withRemedy } from './remedies.ts';
import { discard, openSession, type PostgresConnection, type SessionOptions, type SessionPhase } from './session.ts';

/** Somebody looks at a screen and waits. Long enough for a link with round trips of two seconds, in ms. */
const CONNECT_TIMEOUT_MS = 15_000;
const STATEMENT_TIMEOUT_MS = 8_000;
/** The look-up of a name has no time-out of its own, so the whole has one too. */
const TEST_TIMEOUT_MS = 30_000;
/** A host that is refused for its address is refused after a multiple of this, in ms. */
const REFUSED_IN_STEPS_OF_MS = 500;

/** The phase that ends each of the steps in which a connection comes about. */
const STEP_OF_PHASE: Readonly<Record<SessionPhase, ConnectionStepName>> = {
  resolved: 'dns',
  connected: 'tcp',
  secured: 'tls',
  signedIn: 'sign_in',
};

const NOT_REACHED = 'Not tried, because of what failed before.';

const TLS_MESSAGES = {
  'verify-full': 'The connection is encrypted, and the certificate is trusted and made for this host.',
  'verify-ca': 'The connection is encrypted and the certificate trusted; for which host it was made is not checked.',
  require: 'The connection is encrypted, but nobody checks who is at the other end.',
  'no-verify': 'The connection is encrypted, but nobody checks who is at the other end.',
  disable: 'Switched off by sslmode=disable: whoever is on the way can read passwords and rows.',
} as const;

type Findings = { serverVersion: string | null; roundTripMs: number | null; schemaState: SchemaState | null };

/** See `Destination.testConnection`. */
export async function testConnection(
  connection: PostgresConnection,
  place: TestedPlace,
  options: SessionOptions,
  { onStep = () => undefined, signal = new AbortController().signal }: ConnectionTestWatch = {},
): Promise<ConnectionTestResult> {
  const { user: role, database } = connection;
  const at = { externalDatabaseId: place.owner.externalDatabaseId, role, database, schema: place.schema };
  const record = createRecord(onStep, at);
  const findings: Findings = { serverVersion: null, roundTripMs: null, schemaState: null };
  const deadline = boundedSignal(signal, TEST_TIMEOUT_MS);
  const client = signal.aborted ? null : await connectStepByStep(connection, options, record, deadline.signal);
  if (client !== null) {
    const cut = () => discard(client);
    deadline.signal.addEventListener('abort', cut);
    await lookAround(client, connection, place, record, findings).finally(cut);
  }
  deadline.release();
  return { steps: record.complete(), ...findings };
}

type StepRecord = {
  /** Notes a step and tells it. */
  add(step: ConnectionStep): void;
  /** The first step that nothing is known of. */
  next(): ConnectionStepName | undefined;
  /** All steps: those that were not come to are skipped. */
  complete(): ConnectionStep[];
};

function createRecord(onStep: (step: ConnectionStep) => void, at: Place): StepRecord {
  const steps: ConnectionStep[] = [];
  const next = () => CONNECTION_STEPS[steps.length];
  const add = (step: ConnectionStep) => {
    const told = step.outcome === 'failed' ? { ...step, failure: withRemedy(step.failure, at) } : step;
    steps.push(told);
    onStep(told);
  };
  return {
    add,
    next,
    complete: () => {
      for (let step = next(); step !== undefined; step = next())
        add({ step, outcome: 'skipped', message: NOT_REACHED });
      return steps;
    },
  };
}

/** Returns `null` when it came to nothing. */
async function connectStepByStep(
  connection: PostgresConnection,
  options: SessionOptions,
  record: StepRecord,
  deadline: AbortSignal,
): Promise<pg.Client | null> {
  const messages = messagesOf(connection);
  const timer = createTimer();
  const bounded = {
    ...options,
    connectTimeoutMs: Math.min(options.connectTimeoutMs, CONNECT_TIMEOUT_MS),
    linkTimeoutMs: Math.min(options.linkTimeoutMs ?? STATEMENT_TIMEOUT_MS, STATEMENT_TIMEOUT_MS),
  };
  const opening = openSession(connection, bounded, (phase) => {
    if (deadline.aborted) return;
    const step = STEP_OF_PHASE[phase];
    record.add({ step, outcome: 'ok', durationMs: timer.lap(), message: messages[phase] });
    if (step === 'tcp' && connection.tls.mode === 'disable') {
      record.add({ step: 'tls', outcome: 'skipped', message: TLS_MESSAGES.disable });
    }
  });
  try {
    return await orAborted(opening, deadline);
  } catch (error) {
    // It may come about after all, when nobody wants it any more.
    opening.then(discard, () => undefined);
    const failure = classify(error);
    if (failure.code === 'TARGET_ADDRESS_REFUSED') await untilTimeTellsNothing(timer.elapsed());
    record.add({ step: record.next() ?? 'sign_in', outcome: 'failed', durationMs: timer.lap(), failure });
    return null;
  }
}

function createTimer() {
  let begun = performance.now();
  const elapsed = () => performance.now() - begun;
  const lap = () => {
    const took = elapsed();
    begun += took;
    return took;
  };
  return { elapsed, lap };
}

/** A name of the operator's own network is found faster than one that nobody knows. */
async function untilTimeTellsNothing(elapsedMs: number): Promise<void> {
  await setTimeout(REFUSED_IN_STEPS_OF_MS - (elapsedMs % REFUSED_IN_STEPS_OF_MS));
}

async function orAborted<T>(work: Promise<T>, deadline: AbortSignal): Promise<T> {
  if (deadline.aborted) throw timedOut();
  const aborted = new Promise<never>((_, reject) => {
    deadline.addEventListener('abort', () => reject(timedOut()), { once: true });
  });
  return Promise.race([work, aborted]);
}

function timedOut(): DestinationError {
  return new DestinationError('TARGET_UNREACHABLE', { detail: 'no answer in time' });
}

function messagesOf({ user, database, tls }: PostgresConnection): Record<SessionPhase, string> {
  return {
    resolved: 'The host was found, and this server may connect to it.',
    connected: 'The port accepts connections.',
    secured: TLS_MESSAGES[tls.mode],
    signedIn: `Signed in as ${user} to the database ${database}.`,
  };
}

/** What is told of a session: each step by itself, since one that fails says nothing about the others. */
async function lookAround(
  client: pg.Client,
  { user, database }: PostgresConnection,
  place: TestedPlace,
  record: StepRecord,
  findings: Findings,
): Promise<void> {
  const checks: readonly [ConnectionStepName, () => Promise<string>][] = [
    ['privileges', () => checkPrivileges(client, { role: user, database, schema: place.schema }, place.tables)],
    ['version', () => checkVersion(client, (version) => (findings.serverVersion = version))],
    ['schema', () => checkSchema(client, place, (state) => (findings.schemaState = state))],
    ['round_trip', () => measureRoundTrip(client, (ms) => (findings.roundTripMs = ms))],
  ];
  for (const [step, check] of checks) {
    const { lap } = createTimer();
    try {
      const message = await check();
      record.add({ step, outcome: 'ok', durationMs: lap(), message });
    } catch (error) {
      const failure = classify(error);
      record.add({ step, outcome: 'failed', durationMs: lap(), failure });
      if (failure.code === 'TARGET_UNREACHABLE') return;
    }
  }
}
