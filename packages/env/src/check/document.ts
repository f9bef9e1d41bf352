import { parse } from 'dotenv';

/** One assignment in the text of a .env file. */
export type Assignment = {
  readonly name: string;
  readonly value: string;
  /** Counted from 1. */
  readonly line: number;
  /** Where its first line begins, and where its last one ends, line break included. */
  readonly start: number;
  readonly end: number;
  /** Where the name begins. */
  readonly nameStart: number;
  /** The comment behind the value, from its `#`; empty when there is none. */
  readonly comment: string;
};

export type EnvDocument = {
  readonly text: string;
  readonly assignments: readonly Assignment[];
  /** Lines that are neither an assignment nor a comment, counted from 1. */
  readonly strayLines: readonly number[];
};

const LINE = /[^\n]*(?:\n|$)/y;
const ASSIGNMENT = /^(\s*(?:export\s+)?)([\w.-]+)(?:\s*=\s*|:\s+)(.*)$/s;
const NO_ASSIGNMENT = /^\s*(?:#|$)/;

/** Finds the assignments of a file. Values are those that dotenv reads. */
export function readDocument(text: string): EnvDocument {
  const assignments: Assignment[] = [];
  const strayLines: number[] = [];
  let line = 1;
  for (let start = 0; start < text.length; ) {
    const end = endOfEntry(text, start);
    const entry = text.slice(start, end);
    const assignment = readAssignment(entry, { line, start, end });
    if (assignment !== undefined) assignments.push(assignment);
    else if (!NO_ASSIGNMENT.test(entry)) strayLines.push(line);
    line += entry.split('\n').length - 1;
    start = end;
  }
  return { text, assignments, strayLines };
}

function readAssignment(entry: string, place: Pick<Assignment, 'line' | 'start' | 'end'>): Assignment | undefined {
  const [, front = '', name, rest = ''] = ASSIGNMENT.exec(entry) ?? [];
  if (name === undefined) return undefined;
  const value = parse(entry)[name];
  if (value === undefined) return undefined;
  return { ...place, name, value, nameStart: place.start + front.length, comment: commentIn(rest) };
}

/** An entry is a line, or more where a value in quotes goes on. */
function endOfEntry(text: string, start: number): number {
  LINE.lastIndex = start;
  const lineEnd = start + (LINE.exec(text)?.[0].length ?? 0);
  const [, , name, rest = ''] = ASSIGNMENT.exec(text.slice(start, lineEnd)) ?? [];
  const quote = rest[0];
  if (name === undefined || !isQuote(quote)) return lineEnd;
  const open = lineEnd - rest.length;
  const close = closingQuote(text, open, quote);
  // Without an end it is a text that begins with a quote.
  if (close === undefined || close < lineEnd) return lineEnd;
  LINE.lastIndex = close;
  return close + (LINE.exec(text)?.[0].length ?? 0);
}

function isQuote(character: string | undefined): character is string {
  return character === '"' || character === "'" || character === '`';
}

function closingQuote(text: string, open: number, quote: string): number | undefined {
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote) return at;
  }
  return undefined;
}

/** What follows the value. In quotes, `#` is part of it. */
function commentIn(rest: string): string {
  const quoted = /^(["'`])(?:\\.|(?!\1)[^\\])*\1\s*(#.*)?\s*$/s.exec(rest);
  if (quoted !== null) return (quoted[2] ?? '').trimEnd();
  const at = rest.indexOf('#');
  return at === -1 ? '' : rest.slice(at).trimEnd();
}
