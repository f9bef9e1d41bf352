import type { Relation } from './tree.ts';

/** What a rule has against a statement: what happens while it runs, and what to write instead. */
export type Objection = { rule: RuleName; what: string; instead: string };

export type FileFacts = {
  /** A back-fill, of which one batch at a time is written. */
  batches: boolean;
  /** Tables that this very file creates: nobody uses them yet. */
  created: ReadonlySet<string>;
  /** Constraints that this very file adds: its lock on their tables lasts until it is done. */
  constrained: ReadonlySet<string>;
  breaking: boolean;
};

export type RuleName =
  | 'index-locks-writers'
  | 'not-null-scans'
  | 'new-column-not-null'
  | 'volatile-default'
  | 'type-change'
  | 'rename'
  | 'drop'
  | 'constraint-scans'
  | 'unique-scans'
  | 'whole-table-write'
  | 'explicit-lock'
  | 'rewrites-table'
  | 'lock-timeout'
  | 'ends-transaction';

export function isNew(relation: Relation, facts: FileFacts): boolean {
  return facts.created.has(relation.relname) || relation.relpersistence === 't';
}

export function dropped(what: string): Objection {
  return {
    rule: 'drop',
    what: `${what} is still asked for by servers of the version before.`,
    instead:
      'Stop using it in one version and drop it in the next, in a file marked "-- compatibility: breaking" if any version before may still run.',
  };
}
