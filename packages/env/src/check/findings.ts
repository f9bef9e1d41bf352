import { distance } from 'fastest-levenshtein';
import { everyVariable } from '../catalogue/index.ts';
import { choose, isBlank } from '../choose.ts';
import { isSentinel } from '../sentinel.ts';
import { canonicalName, spellingsOf } from '../spelling.ts';
import { type Declared, declaredUnder } from './declared.ts';
import type { Assignment, EnvDocument } from './document.ts';
import { conflictsIn } from './migrate.ts';

export type EnvFile = {
  readonly name: string;
  readonly document: EnvDocument;
  /** It is no file, but what a process was given. */
  readonly isEnvironment?: true;
};

export type Finding = {
  /** `error`: a start is refused. `warning`: something is not as it seems. `note`: works, and could be tidier. */
  readonly severity: 'error' | 'warning' | 'note';
  readonly code: FindingCode;
  readonly file: string;
  /** Counted from 1; 0 in the environment, which has none. */
  readonly line: number;
  readonly name: string | undefined;
  /** What is the matter, and what to do. No secret. */
  readonly message: string;
};

export type FindingCode =
  | 'CONFLICT'
  | 'CONFLICT_ELSEWHERE'
  | 'INVALID_VALUE'
  | 'UNKNOWN_NAME'
  | 'OLDER_NAME'
  | 'RENAMED'
  | 'COUNTS_FOR_NOTHING'
  | 'DUPLICATE'
  | 'NOT_READ_FROM_FILES'
  | 'SECRET_IN_COMMITTED_FILE'
  | 'STRAY_LINE';

type Found = Omit<Finding, 'file'>;

/** Up to so many letters may be wrong in a name that was meant. */
const MOST_TYPOS = 3;

/** What is to be said about one file, by line. */
export function findingsIn(file: EnvFile): Finding[] {
  const { name, document } = file;
  const found = [
    ...document.strayLines.map(strayLine),
    ...conflictsIn(document).map(conflict),
    ...document.assignments.flatMap((assignment) => assignmentFindings(file, assignment)),
  ];
  return found.map((finding) => ({ ...finding, file: name })).sort((a, b) => a.line - b.line);
}

function strayLine(line: number): Found {
  const message =
    'This line is neither an assignment nor a comment, and counts for nothing. Begin it with #, or remove it.';
  return { severity: 'warning', code: 'STRAY_LINE', line, name: undefined, message };
}

function conflict({ canonical, other, line }: { canonical: string; other: string; line: number }): Found {
  const message = `${canonical} and ${other} are set to different values. Keep the right one as ${canonical}, and remove ${other}, its older name.`;
  return { severity: 'error', code: 'CONFLICT', line, name: other, message };
}

function assignmentFindings(file: EnvFile, assignment: Assignment): Found[] {
  const declared = declaredUnder(assignment.name);
  if (declared === undefined) return unknown(assignment);
  return [
    ...duplicate(file.document, assignment),
    ...olderName(file.document, assignment, declared),
    ...invalid(file.document, assignment, declared),
    ...(file.isEnvironment ? [] : notRead(assignment, declared)),
    ...(file.isEnvironment ? [] : committedSecret(file, assignment, declared)),
  ];
}

function unknown({ name, line }: Assignment): Found[] {
  if (spellingsOf(name) === undefined) return [];
  const meant = closestName(canonicalName(name));
  const remedy = meant === undefined ? 'If it is another program’s, all is well.' : `Did you mean ${meant}?`;
  const message = `Hexclave has no variable ${name}. ${remedy}`;
  return [{ severity: 'warning', code: 'UNKNOWN_NAME', line, name, message }];
}

export function closestName(name: string): string | undefined {
  const candidates = everyVariable().map(({ spellings }) => ({
    candidate: spellings[0],
    typos: distance(spellings[0], name),
  }));
  const [best] = candidates.sort((a, b) => a.typos - b.typos);
  return best !== undefined && best.typos <= MOST_TYPOS ? best.candidate : undefined;
}

function duplicate({ assignments }: EnvDocument, { name, line }: Assignment): Found[] {
  const last = assignments.findLast((other) => other.name === name);
  if (last === undefined || last.line === line) return [];
  const message = `${name} is set again in line ${last.line}, and that counts. Remove one of the two.`;
  return [{ severity: 'warning', code: 'DUPLICATE', line, name, message }];
}

function olderName(document: EnvDocument, { name, line }: Assignment, { canonical, legacy }: Declared): Found[] {
  if (name === canonical) return [];
  if (name === legacy) {
    const message = `${name} works, and is now called ${canonical}.`;
    return [{ severity: 'note', code: 'OLDER_NAME', line, name, message }];
  }
  const present = document.assignments.find(
    (other) => [canonical, legacy].includes(other.name) && !isBlank(other.value),
  );
  if (present === undefined) {
    return [{ severity: 'note', code: 'RENAMED', line, name, message: `${name} works, and was renamed ${canonical}.` }];
  }
  const message = `${name} counts for nothing, because ${present.name} is set. Remove it.`;
  return [{ severity: 'warning', code: 'COUNTS_FOR_NOTHING', line, name, message }];
}

function invalid(document: EnvDocument, { name, line, value }: Assignment, declared: Declared): Found[] {
  const source = Object.fromEntries(document.assignments.map((assignment) => [assignment.name, assignment.value]));
  const choice = choose({ ...source, [name]: value }, [name], 'server');
  if (choice.kind !== 'set' || declared.variable.parser.parse(choice.text) !== undefined) return [];
  const message = `${name} must be ${declared.variable.parser.expects}.`;
  return [{ severity: 'error', code: 'INVALID_VALUE', line, name, message }];
}

function notRead({ name, line, value }: Assignment, { variable }: Declared): Found[] {
  if (variable.isBeforeFiles !== true || isBlank(value)) return [];
  const message = `${name} decides which files are read, and is not looked for in them. Set it in the environment.`;
  return [{ severity: 'warning', code: 'NOT_READ_FROM_FILES', line, name, message }];
}

function committedSecret(file: EnvFile, { name, line, value }: Assignment, { variable }: Declared): Found[] {
  const isCommitted = !file.name.endsWith('.local');
  if (variable.visibility !== 'secret' || !isCommitted || isBlank(value) || isSentinel(value)) return [];
  const message = `${name} is a secret, and files of this name are usually committed. Move it to ${file.name}.local.`;
  return [{ severity: 'warning', code: 'SECRET_IN_COMMITTED_FILE', line, name, message }];
}

/** What is to be said about files together: programs that merge them by name know nothing of two spellings. */
export function findingsAcross(files: readonly EnvFile[]): Finding[] {
  return files.flatMap(({ name: file, document }) =>
    document.assignments.flatMap((assignment) => {
      const { canonical, legacy } = declaredUnder(assignment.name) ?? {};
      if (canonical === undefined || assignment.name !== legacy || isBlank(assignment.value)) return [];
      const other = files.find(
        (candidate) => candidate.name !== file && differs(candidate, canonical, assignment.value),
      );
      return other === undefined ? [] : [elsewhere(file, assignment, canonical, other.name)];
    }),
  );
}

function differs({ document }: EnvFile, name: string, value: string): boolean {
  const other = document.assignments.findLast((assignment) => assignment.name === name)?.value;
  return other !== undefined && !isBlank(other) && !isSentinel(other) && other !== value;
}

function elsewhere(file: string, { name, line }: Assignment, canonical: string, other: string): Finding {
  const message =
    `${other} sets ${canonical} to another value. Hexclave’s own programs take the nearer file; those that merge files ` +
    `by name, as Next.js, Vite and Docker Compose do, will be refused. Rename it to ${canonical}.`;
  return { severity: 'warning', code: 'CONFLICT_ELSEWHERE', file, line, name, message };
}
