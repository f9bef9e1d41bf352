import { CATALOGUE, namesOf, type Variable } from '@hexclave/env';
import { escapeCell, GENERATED } from './markdown.ts';

/** The reference page of environment variables. */
export function environmentPage(): string {
  const variables: Variable<unknown>[] = Object.values(CATALOGUE);
  return `# Environment variables

${GENERATED}

An empty value counts as unset. A variable that was renamed is still read under its older name; when both are set to
different values, the server does not start. Values that are not as expected stop the start too, all named at once.

| variable | expects | default | what it does |
|---|---|---|---|
${variables.map(row).join('\n')}
`;
}

function row(variable: Variable<unknown>): string {
  const [name, ...older] = namesOf(variable);
  const names = [`\`${name}\``, ...older.map((other) => `older: \`${other}\``)].join('<br>');
  const secret = variable.visibility === 'secret' ? ' Secret.' : '';
  const cells = [names, variable.parser.expects, defaultOf(variable), variable.sentence + secret];
  return `| ${cells.map(escapeCell).join(' | ')} |`;
}

function defaultOf({ defaults, whenUnset, requiredInProduction }: Variable<unknown>): string {
  if (defaults === undefined) {
    const required = requiredInProduction === true ? 'Required in production.' : undefined;
    return [required, whenUnset].filter((part) => part !== undefined).join(' ') || 'none';
  }
  const { development, production } = defaults;
  if (development === production) return `\`${String(development)}\``;
  return `\`${String(development)}\`; in production \`${String(production)}\``;
}
