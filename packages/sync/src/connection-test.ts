import { CONNECTION_STEPS, type ConnectionStepName, type SchemaState } from '@hexclave/config';
import type { TargetTable } from './compile/target-table.ts';
import type { TargetOwner } from './destination.ts';
import type { DestinationError } from './destination-error.ts';

export type { ConnectionStepName, SchemaState };
/** Declared where the API can have it too. */
export { CONNECTION_STEPS };

/** What became of a step. `message`: one sentence. Durations are in ms. */
export type ConnectionStep = { readonly step: ConnectionStepName } & (
  | { readonly outcome: 'ok'; readonly durationMs: number; readonly message: string }
  | { readonly outcome: 'failed'; readonly durationMs: number; readonly failure: DestinationError }
  | { readonly outcome: 'skipped'; readonly message: string }
);

/** Who waits for a connection test. */
export type ConnectionTestWatch = {
  /** Called for each step, in their order, as soon as it is known what became of it. */
  readonly onStep?: (step: ConnectionStep) => void;
  /** Ends the test: nobody wants to know any more. */
  readonly signal?: AbortSignal;
};

export type ConnectionTestResult = {
  /** All of {@link CONNECTION_STEPS}, in their order. */
  readonly steps: readonly ConnectionStep[];
  /** `null`: it did not come that far. */
  readonly serverVersion: string | null;
  readonly roundTripMs: number | null;
  readonly schemaState: SchemaState | null;
};

/** Where a connection that is tested would write. */
export type TestedPlace = {
  readonly schema: string;
  readonly owner: TargetOwner;
  readonly tables: readonly TargetTable[];
};

export type RoleNames = { readonly role: string; readonly database: string; readonly schema: string };

/** SQL that makes a role which may do what a copy needs, and no more. Without its password. */
export type RoleSql = {
  readonly statements: readonly { readonly sql: string; readonly why: string }[];
  /** How the role gets its password without that being in any log. */
  readonly setPassword: string;
};
