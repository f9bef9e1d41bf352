import {
  CONNECTION_STEPS,
  type ConnectionStep,
  type ConnectionStepName,
  type ConnectionTestResult,
  DestinationError,
  type SchemaState,
  type TestedPlace,
} from '@hexclave/sync';
import type pg from 'pg';
import { classify } from './classify.ts';
import { checkPrivileges, checkSchema, checkVersion, measureRoundTrip } from './connection-checks.ts';
import { discard, openSession, type PostgresConnection, type SessionOptions, type SessionPhase } from './session.ts';

/** Somebody looks at a screen and waits. Long enough for a link with round trips of two seconds, in ms. */
const CONNECT_TIMEOUT_MS = 15_000;
const STATEMENT_TIMEOUT_MS = 8_000;
/** The look-up of a name has no time-out of its own, so the whole has one too. */
const TEST_TIMEOUT_MS = 30_000;

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
): Promise<ConnectionTestResult> {
  const steps = new Map<ConnectionStepName, ConnectionStep>();
  const findings: Findings = { serverVersion: null, roundTripMs: null, schemaState: null };
  const deadline = AbortSignal.timeout(TEST_TIMEOUT_MS);
  const client = await connectStepByStep(connection, options, steps, deadline);
  if (client !== null) {
    const cut = () => discard(client);
    deadline.addEventListener('abort', cut);
    await lookAround(client, connection, place, steps, findings).finally(cut);
  }
  return { steps: CONNECTION_STEPS.map((step) => steps.get(step) ?? skipped(step)), ...findings };
}

function skipped(step: ConnectionStepName): ConnectionStep {
  return { step, outcome: 'skipped', message: NOT_REACHED };
}

/** Returns `null` when it came to nothing. */
async function connectStepByStep(
  connection: PostgresConnection,
  options: SessionOptions,
  steps: Map<ConnectionStepName, ConnectionStep>,
  deadline: AbortSignal,
): Promise<pg.Client | null> {
  const messages = messagesOf(connection);
  let begun = performance.now();
  const next = () => CONNECTION_STEPS.find((step) => !steps.has(step)) ?? 'sign_in';
  const note = (step: ConnectionStep) => {
    steps.set(step.step, step);
    begun = performance.now();
    if (step.step === 'tcp' && connection.tls.mode === 'disable') {
      steps.set('tls', { step: 'tls', outcome: 'skipped', message: TLS_MESSAGES.disable });
    }
  };
  const bounded = {
    ...options,
    connectTimeoutMs: Math.min(options.connectTimeoutMs, CONNECT_TIMEOUT_MS),
    linkTimeoutMs: Math.min(options.linkTimeoutMs ?? STATEMENT_TIMEOUT_MS, STATEMENT_TIMEOUT_MS),
  };
  const opening = openSession(connection, bounded, (phase) => {
    const step = STEP_OF_PHASE[phase];
    note({ step, outcome: 'ok', durationMs: performance.now() - begun, message: messages[phase] });
  });
  try {
    return await orAborted(opening, deadline);
  } catch (error) {
    // It may come about after all, when nobody wants it any more.
    opening.then(discard, () => undefined);
    note({ step: next(), outcome: 'failed', durationMs: performance.now() - begun, failure: classify(error) });
    return null;
  }
}

function orAborted<T>(work: Promise<T>, deadline: AbortSignal): Promise<T> {
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
  steps: Map<ConnectionStepName, ConnectionStep>,
  findings: Findings,
): Promise<void> {
  const checks: readonly [ConnectionStepName, () => Promise<string>][] = [
    ['privileges', () => checkPrivileges(client, { role: user, database, schema: place.schema }, place.tables)],
    ['version', () => checkVersion(client, (version) => (findings.serverVersion = version))],
    ['schema', () => checkSchema(client, place, (state) => (findings.schemaState = state))],
    ['round_trip', () => measureRoundTrip(client, (ms) => (findings.roundTripMs = ms))],
  ];
  for (const [step, check] of checks) {
    const begun = performance.now();
    try {
      const message = await check();
      steps.set(step, { step, outcome: 'ok', durationMs: performance.now() - begun, message });
    } catch (error) {
      const failure = classify(error);
      steps.set(step, { step, outcome: 'failed', durationMs: performance.now() - begun, failure });
      if (failure.code === 'TARGET_UNREACHABLE') return;
    }
  }
}
