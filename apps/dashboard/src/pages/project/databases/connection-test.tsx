import type { ConnectionTest, ConnectionTestStep } from '@hexclave/contract';
import { useEffect } from 'react';
import { Button } from '../../../components/button.tsx';
import { ErrorNotice, Notice } from '../../../components/feedback.tsx';
import { RemedyText } from '../../../components/remedy.tsx';
import { type Step, Steps } from '../../../components/steps.tsx';
import { type RunningTest, useConnectionTest } from '../../../lib/connection-test.ts';
import { formatDuration } from '../../../lib/format.ts';
import styles from './databases.module.css';

type StepName = ConnectionTestStep['step'];

/** In the order in which they are tried. */
const STEP_WORDS: Record<StepName, string> = {
  dns: 'Name (DNS)',
  tcp: 'Connection (TCP)',
  tls: 'Encryption (TLS)',
  sign_in: 'Sign-in',
  privileges: 'Privileges',
  version: 'Version',
  schema: 'Schema',
  round_trip: 'Round-trip time',
};

/** Tries a saved connection at once, and shows each step. */
export function ConnectionTestPanel({ projectId, databaseId }: { projectId: string; databaseId: string }) {
  const test = useConnectionTest(projectId);
  const { start } = test;
  useEffect(() => start({ external_database_id: databaseId }), [start, databaseId]);
  return (
    <div className={styles.form}>
      <TestResult test={test} />
      <div>
        <Button icon="retry" busy={test.isPending} onClick={() => start({ external_database_id: databaseId })}>
          Test again
        </Button>
      </div>
    </div>
  );
}

export function TestResult({ test: { data, error, isPending, steps } }: { test: RunningTest }) {
  if (error) return <ErrorNotice error={error} title="The connection could not be tested" />;
  if (data === undefined && !isPending) return null;
  return (
    <>
      <Steps label="Steps of the connection test" steps={shownSteps(steps)} />
      {data && !isPending && <Verdict test={data} />}
    </>
  );
}

/** All there will be: those that are done, the one under way, and those that wait. */
function shownSteps(done: readonly ConnectionTestStep[]): Step[] {
  const names = Object.entries(STEP_WORDS) as [StepName, string][];
  const isOpen = ([name]: [StepName, string]) => !done.some(({ step }) => step === name);
  const current = names.find(isOpen)?.[0];
  return names.map(([name, words]) => {
    const told = done.find(({ step }) => step === name);
    return told ? toStep(told) : { name: words, state: name === current ? 'running' : 'waiting' };
  });
}

function toStep({
  step,
  outcome,
  duration_ms: duration,
  message,
  remedy,
  code,
  sql_state: state,
}: ConnectionTestStep): Step {
  return {
    name: STEP_WORDS[step],
    state: outcome,
    aside: duration === null ? undefined : formatDuration(duration),
    children: (
      <>
        <p>{message}</p>
        {remedy !== null && <RemedyText remedy={remedy} />}
        {code !== null && (
          <p className={styles.quiet}>
            <code>{code}</code>
            {state !== null && <> · SQLSTATE {state}</>}
          </p>
        )}
      </>
    ),
  };
}

function Verdict({ test: { ok, steps, connection, round_trip_ms: roundTrip } }: { test: ConnectionTest }) {
  const { host, port, database, user } = connection;
  const failed = steps.find(({ outcome }) => outcome === 'failed');
  return (
    <Notice
      tone={ok ? 'fresh' : 'failing'}
      title={ok ? 'The connection works' : `The test ended at: ${failed ? STEP_WORDS[failed.step] : 'an unknown step'}`}
    >
      <p>
        {user}@{host}:{port}/{database}
        {roundTrip !== null && ` · ${roundTrip} ms for a round trip`}
      </p>
    </Notice>
  );
}
