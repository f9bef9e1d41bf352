import type { ConnectionTest, ConnectionTestRequest, ConnectionTestStep } from '@hexclave/contract';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useActingOn } from './acting-on.ts';

/** A test, as far as it has come. */
export type RunningTest = {
  isPending: boolean;
  error: Error | null;
  /** Those that are done; an older server tells them all at the end. */
  steps: readonly ConnectionTestStep[];
  data: ConnectionTest | undefined;
};

/** Tries a connection, and tells each step as it is done. A test ends with the page that has begun it. */
export function useConnectionTest(projectId: string) {
  const { client, query } = useActingOn(projectId);
  const [steps, setSteps] = useState<readonly ConnectionTestStep[]>([]);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const { mutate, reset, isPending, error, data } = useMutation({
    mutationFn: (request: ConnectionTestRequest) => {
      const own = new AbortController();
      running.current?.abort();
      running.current = own;
      setSteps([]);
      const onStep = (step: ConnectionTestStep) => {
        if (!own.signal.aborted) setSteps((before) => [...before, step]);
      };
      return client.dbSync.testConnection(request, query, { onStep, signal: own.signal });
    },
  });
  return { start: mutate, reset, isPending, error, steps: data?.steps ?? steps, data };
}
