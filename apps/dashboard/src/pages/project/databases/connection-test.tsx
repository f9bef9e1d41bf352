import type { ConnectionTest, ConnectionTestRequest } from '@hexclave/contract';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Button } from '../../../components/button.tsx';
import { ErrorNotice, Notice } from '../../../components/feedback.tsx';
import { RemedyText } from '../../../components/remedy.tsx';
import { type Step, Steps } from '../../../components/steps.tsx';
import { useActingOn } from '../../../lib/acting-on.ts';
import { formatDuration } from '../../../lib/format.ts';
import styles from './databases.module.css';

type StepName = ConnectionTest['steps'][number]['step'];

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

export function useConnectionTest(projectId: string) {
  const { client, query } = useActingOn(projectId);
  return useMutation({ mutationFn: (request: ConnectionTestRequest) => client.dbSync.testConnection(request, query) });
}

type PanelProps = {
  projectId: string;
  request: () => ConnectionTestRequest;
  /** Whether it begins at once. */
  starts?: boolean;
};

/** Tries a connection and shows each step. */
export function ConnectionTestPanel({ projectId, request, starts = false }: PanelProps) {
  const test = useConnectionTest(projectId);
  const hasBegun = useRef(false);
  useEffect(() => {
    if (!starts || hasBegun.current) return;
    hasBegun.current = true;
    test.mutate(request());
  }, [starts, test.mutate, request]);
  return (
    <div className={styles.form}>
      <TestResult test={test} />
      <div>
        <Button icon="retry" busy={test.isPending} onClick={() => test.mutate(request())}>
          Test again
        </Button>
      </div>
    </div>
  );
}

type Test = Pick<ReturnType<typeof useConnectionTest>, 'data' | 'error' | 'isPending'>;

export function TestResult({ test: { data, error, isPending } }: { test: Test }) {
  if (error) return <ErrorNotice error={error} title="The connection could not be tested" />;
  if (data === undefined && !isPending) return null;
  return (
    <>
      <Steps
        label="Steps of the connection test"
        steps={isPending || !data ? stepsUnderWay() : data.steps.map(toStep)}
      />
      {data && !isPending && <Verdict test={data} />}
    </>
  );
}

function stepsUnderWay(): Step[] {
  return Object.values(STEP_WORDS).map((name, index) => ({ name, state: index === 0 ? 'running' : 'waiting' }));
}

function toStep({ step, outcome, duration_ms: duration, message, remedy, code, sql_state: state }: TestStep): Step {
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

type TestStep = ConnectionTest['steps'][number];

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
