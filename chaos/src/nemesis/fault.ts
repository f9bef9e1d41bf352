import type { Stage } from '../stage/stage.ts';

/** A fault that a plan has: which, when, for how long, and on what. */
export type PlannedFault = {
  readonly kind: string;
  /** In ms after the start. */
  readonly at: number;
  /** How long it lasts, in ms. */
  readonly holdMs: number;
  /** Chooses whatever it strikes: a worker, a target, a way. */
  readonly choice: number;
};

/** What a fault did. */
export type Strike = {
  readonly kind: string;
  /** How often it really struck. */
  readonly struck: number;
  /** A failure that the status must show. */
  readonly expects?: Expectation;
  /** An external database that was configured anew: failures under its former configuration are nobody's any more. */
  readonly reconfigured?: DatabaseKey;
  /** A restore of a target that nothing else could reveal. */
  readonly notice?: Notice;
  /** Why it could not be carried out or undone: then the run proves nothing. */
  readonly broke?: string;
  /** When it began and was over, in ms since 1970. */
  readonly from: number;
  readonly to: number;
};

/** What a kind of fault itself can say of its strike. */
export type StrikeResult = Pick<Strike, 'struck' | 'expects' | 'reconfigured' | 'notice' | 'broke'>;

export type DatabaseKey = { readonly tenancyId: string; readonly externalDatabaseId: string };

/** A failure at one external database that has to be shown, by one of these codes, from this moment on. */
export type Expectation = DatabaseKey & {
  readonly kind: string;
  readonly codes: readonly string[];
  /** In ms since 1970. */
  readonly since: number;
};

/** How the restore of a quiet target had to be noticed, and how it was. */
export type Notice = {
  /** For messages. */
  readonly target: string;
  readonly must: 'by itself' | 'when asked';
  readonly noticed: 'at once' | 'when asked again' | 'never';
};

/** A kind of fault. */
export type FaultKind = {
  readonly name: string;
  /** While it lasts, and shortly after, a failure elsewhere may be forgotten together with the process that met it. */
  readonly forgetful?: boolean;
  /** Begins only once a quiet tenancy is quiet. */
  readonly late?: boolean;
  /** What two faults must not disturb at once: the second waits. */
  uses(fault: PlannedFault): readonly string[];
  /** Strikes, holds, and puts everything right again. */
  strike(stage: Stage, fault: PlannedFault): Promise<StrikeResult>;
};

/** One of several, by the plan's choice. */
export function chosen<T>(from: readonly T[], choice: number): T {
  const one = from[choice % from.length];
  if (one === undefined) throw new Error('there is nothing to choose from');
  return one;
}
