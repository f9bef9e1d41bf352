import type { Database } from '@hexclave/db';
import type { ViolationKind } from '../checks/violation.ts';
import type { Strike } from '../nemesis/fault.ts';
import type { Rewrite } from '../processes/bundle.ts';
import type { Stage } from '../stage/stage.ts';

/** A defect that the checker must find. */
export type Mutant = {
  readonly name: string;
  /** Changes of the product's text, in one bundled worker. */
  readonly rewrites?: readonly Rewrite[];
  /** Changes of the internal database's functions and triggers. */
  readonly alter?: (db: Database) => Promise<void>;
  readonly scenario: Scenario;
  /** What the checker has to say; any of these. */
  readonly expects: readonly ViolationKind[];
};

/** A short course of events in which one defect shows itself, every time. Without a defect it must pass. */
export type Scenario = {
  readonly name: string;
  /** How many workers there are. They do only what they are told. */
  readonly workers: number;
  /** Returns faults whose failures must have been shown. */
  play(stage: Stage): Promise<readonly Strike[]>;
  /** Puts right what stood in the way, before everything has to be equal. */
  mend?(stage: Stage): Promise<void>;
};

export type MutantResult = {
  readonly name: string;
  readonly killed: boolean;
  /** What the checker found. */
  readonly found: readonly string[];
};
