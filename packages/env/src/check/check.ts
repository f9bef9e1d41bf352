import type { Source } from '../choose.ts';
import { mergeLayers } from '../files.ts';
import { spellingsOf } from '../spelling.ts';
import { declaredUnder } from './declared.ts';
import { type EnvDocument, readDocument } from './document.ts';
import { type Finding, findingsAcross, findingsIn } from './findings.ts';
import { type Explanation, explain } from './report.ts';

export type EnvCheck = {
  readonly findings: readonly Finding[];
  /** Every variable of ours that is set, with what wins and why. */
  readonly variables: readonly Explanation[];
};

const ENVIRONMENT = 'environment';

/** Explains .env files, given in the order in which they win, beside the environment of a process, which wins over all. */
export function checkEnvFiles(files: readonly { name: string; text: string }[], environment: Source): EnvCheck {
  const documents = files.map(({ name, text }) => ({ name, document: readDocument(text) }));
  const given = { name: ENVIRONMENT, document: documentOf(environment), isEnvironment: true } as const;
  const layers = [
    { origin: ENVIRONMENT, values: environment },
    ...documents.map(({ name, document }) => ({
      origin: name,
      values: Object.fromEntries(document.assignments.map((assignment) => [assignment.name, assignment.value])),
    })),
  ];
  return {
    findings: [...findingsIn(given), ...documents.flatMap(findingsIn), ...findingsAcross(documents)],
    variables: explain(layers, mergeLayers(layers)),
  };
}

/** What a process was given, as if it stood in a file: only what is ours. */
function documentOf(environment: Source): EnvDocument {
  const ours = Object.entries(environment).filter(([name]) => declaredUnder(name) ?? spellingsOf(name));
  const place = { line: 0, start: 0, end: 0, nameStart: 0, comment: '' };
  const assignments = ours.map(([name, value = '']) => ({ ...place, name, value }));
  return { text: '', assignments, strayLines: [] };
}
