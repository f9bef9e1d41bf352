import type { Client } from '@hexclave/sdk';
import { useMemo } from 'react';
import { clientFor } from './clients.ts';
import { useSession } from './session.ts';

/**
 * How to act on a project where it matters who does it: an operator as the operator, who names the project; its admin
 * as its owner. For routes that take `project_id`: controls, keys, status, audit log.
 */
export function useActingOn(projectId: string): { client: Client; query: { project_id?: string } } {
  const { is_operator: isOperator } = useSession();
  return useMemo(
    () =>
      isOperator
        ? { client: clientFor('internal'), query: { project_id: projectId } }
        : { client: clientFor(projectId), query: {} },
    [isOperator, projectId],
  );
}
