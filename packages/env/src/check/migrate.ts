import { everyVariable } from '../catalogue/index.ts';
import { isBlank } from '../choose.ts';
import { withoutCredentials } from '../resolve.ts';
import { isSentinel } from '../sentinel.ts';
import { type Declared, declaredUnder } from './declared.ts';
import { type Assignment, type EnvDocument, readDocument } from './document.ts';

export type LineChange = {
  /** In the file as it was, counted from 1. */
  readonly line: number;
  readonly name: string;
  /** `removed`: another name says it. `reference`: only within the value. */
  readonly kind: 'renamed' | 'removed' | 'reference';
  /** The present name. */
  readonly newName: string;
  /** The line as it was and as it is, to be shown: without the value of a secret. */
  readonly before: string;
  /** Undefined where nothing is left of it. */
  readonly after: string | undefined;
};

/** Two names of one variable, set to different values: somebody has to decide. */
export type FileConflict = { readonly canonical: string; readonly other: string; readonly line: number };

export type Migration = {
  /** The whole file as it would be. */
  readonly text: string;
  readonly changes: readonly LineChange[];
  /** With any of them, nothing is changed. */
  readonly conflicts: readonly FileConflict[];
};

type Edit = { readonly start: number; readonly end: number; readonly text: string };
type Step = { readonly change: LineChange; readonly edits: readonly Edit[] };

const LEGACY_REFERENCE = /\$\{NEXT_PUBLIC_STACK_PORT_PREFIX(?=:-|\})/g;
const PRESENT_REFERENCE = '${'.concat('NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX');

/**
 * A .env file with present names instead of older ones. It says the same as before; comments and order stay. Names that
 * Hexclave does not know are somebody else's, and stay too.
 */
export function migrateEnvFile(text: string): Migration {
  const document = readDocument(text);
  const conflicts = conflictsIn(document);
  if (conflicts.length > 0) return { text, changes: [], conflicts };
  const winners = winnersIn(document);
  const steps = document.assignments.flatMap((assignment) => migrate(document, assignment, winners));
  const edits = steps.flatMap((step) => step.edits);
  return { text: applyEdits(text, edits), changes: steps.map(({ change }) => change), conflicts: [] };
}

export function conflictsIn(document: EnvDocument): FileConflict[] {
  const values = effectiveValues(document);
  return document.assignments.flatMap(({ name, line }) => {
    const { canonical, legacy } = declaredUnder(name) ?? {};
    if (canonical === undefined || name !== legacy) return [];
    const [first, second] = [values.get(canonical), values.get(legacy)];
    const differ = counts(first) && counts(second) && presentReferences(first) !== presentReferences(second);
    return differ ? [{ canonical, other: legacy, line }] : [];
  });
}

/** Of the names of one variable, the one whose value counts, by the variable's present name. */
function winnersIn(document: EnvDocument): ReadonlyMap<string, string> {
  const values = effectiveValues(document);
  const found = everyVariable().flatMap(({ names }) => {
    const set = names.filter((name) => values.has(name));
    const winner = set.find((name) => counts(values.get(name))) ?? set.find((name) => !isBlank(values.get(name)));
    return set.length === 0 ? [] : [[names[0], winner ?? set[0]] as const];
  });
  return new Map(found as [string, string][]);
}

/** The last assignment of a name is the one that counts. */
function effectiveValues({ assignments }: EnvDocument): ReadonlyMap<string, string> {
  return new Map(assignments.map(({ name, value }) => [name, value]));
}

function counts(value: string | undefined): value is string {
  return value !== undefined && !isBlank(value) && !isSentinel(value);
}

function migrate(document: EnvDocument, assignment: Assignment, winners: ReadonlyMap<string, string>): Step[] {
  const declared = declaredUnder(assignment.name);
  if (declared === undefined) return [];
  if (winners.get(declared.canonical) !== assignment.name) return [remove(document, assignment, declared)];
  const references = referenceEdits(document, assignment);
  if (assignment.name !== declared.canonical) return [rename(assignment, declared, references)];
  if (references.length === 0) return [];
  return [{ change: changeOf('reference', assignment, declared), edits: references }];
}

function rename(assignment: Assignment, declared: Declared, references: Edit[]): Step {
  const { name, nameStart } = assignment;
  const edit = { start: nameStart, end: nameStart + name.length, text: declared.canonical };
  return { change: changeOf('renamed', assignment, declared), edits: [edit, ...references] };
}

/** What was said about it stays. */
function remove({ text }: EnvDocument, assignment: Assignment, declared: Declared): Step {
  const { start, end, comment } = assignment;
  const lineBreak = /\r?\n?$/.exec(text.slice(start, end))?.[0] ?? '';
  const kept = comment === '' ? '' : `${comment}${lineBreak}`;
  return { change: changeOf('removed', assignment, declared), edits: [{ start, end, text: kept }] };
}

function changeOf(kind: LineChange['kind'], assignment: Assignment, { canonical, variable }: Declared): LineChange {
  const { name, line, value, comment } = assignment;
  const shown = variable.visibility === 'secret' && value !== '' ? '…' : withoutCredentials(value);
  const after = kind === 'removed' ? comment || undefined : `${canonical}=${presentReferences(shown)}`;
  return { kind, name, line, newName: canonical, before: `${name}=${shown}`, after };
}

function referenceEdits({ text }: EnvDocument, { start, end }: Assignment): Edit[] {
  return [...text.slice(start, end).matchAll(LEGACY_REFERENCE)].map(({ 0: found, index }) => ({
    start: start + index,
    end: start + index + found.length,
    text: PRESENT_REFERENCE,
  }));
}

function presentReferences(value: string): string {
  return value.replace(LEGACY_REFERENCE, () => PRESENT_REFERENCE);
}

function applyEdits(text: string, edits: readonly Edit[]): string {
  const inOrder = [...edits].sort((a, b) => a.start - b.start);
  let at = 0;
  let result = '';
  for (const edit of inOrder) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}
