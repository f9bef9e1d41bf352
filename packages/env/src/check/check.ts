import type { Source } from '../choose.ts';
import { mergeLayers } from '../files.ts';
import { readDocument } from './document.ts';
import { type Finding, findingsAcross, findingsIn } from './findings.ts';
import { type Explanation, explain } from './report.ts';

export type EnvCheck = {
  readonly findings: readonly Finding[];
  /** Every variable of ours that is set, with what wins and why. */
  readonly variables: readonly Explanation[];
};

/** Explains .env files, given in the order in which they win, beside the environment of a process, which wins over all. */
export function checkEnvFiles(files: readonly { name: string; text: string }[], environment: Source): EnvCheck {
  const documents = files.map(({ name, text }) => ({ name, document: readDocument(text) }));
  const layers = [
    { origin: 'environment', values: environment },
    ...documents.map(({ name, document }) => ({
      origin: name,
      values: Object.fromEntries(document.assignments.map((assignment) => [assignment.name, assignment.value])),
    })),
  ];
  return {
    findings: [...documents.flatMap(findingsIn), ...findingsAcross(documents)],
    variables: explain(layers, mergeLayers(layers)),
  };
}
