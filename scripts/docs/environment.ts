import { type App, CATALOGUES, everyVariable, namesOf, type Variable } from '@hexclave/env';
import { escapeCell, GENERATED } from './markdown.ts';

const TITLES: Record<App, { title: string; sentence: string }> = {
  server: {
    title: 'Server',
    sentence: 'Read by the server when it starts, from `hexclave`, `npm start` or a container.',
  },
  'command line': { title: 'Command line', sentence: 'Read by `hexclave`, besides those above that say so.' },
  'JavaScript client': {
    title: 'Apps with the JavaScript client',
    sentence: 'Read by the client within your own apps, where the app passes nothing else.',
  },
  tests: { title: 'Tests', sentence: 'Read by `npm test`.' },
};

/** The reference page of environment variables. */
export function environmentPage(): string {
  const sections = (Object.keys(CATALOGUES) as App[]).map(section);
  return `# Environment variables

${GENERATED}

The rules by which they are read, the \`.env\` files and the traps:
[Environment variables](../operations/environment-variables.md). In short: an empty value counts as unset; the older
name of a variable works as well as the present one; two names with different values, and values that are not as
expected, stop the start, all named at once.

${sections.join('\n\n')}
`;
}

/** The variables that this app is the first to read. */
function section(app: App): string {
  const { title, sentence } = TITLES[app];
  const variables = everyVariable().filter(({ readBy }) => readBy[0] === app);
  const rows = variables.map(({ variable, readBy }) => row(variable, readBy.slice(1)));
  return `## ${title}

${sentence}

| variable | expects | default | what it does |
|---|---|---|---|
${rows.join('\n')}`;
}

function row(variable: Variable<unknown>, alsoReadBy: readonly App[]): string {
  const [name, ...older] = namesOf(variable);
  const olderNames = [...older, ...(variable.olderNames ?? [])];
  const names = [`\`${name}\``, ...olderNames.map((other) => `older: \`${other}\``)].join('<br>');
  const secret = variable.visibility === 'secret' ? ' Secret.' : '';
  const others = alsoReadBy.length === 0 ? '' : ` Also read by: ${alsoReadBy.join(', ')}.`;
  const cells = [names, variable.parser.expects, defaultOf(variable), variable.sentence + secret + others];
  return `| ${cells.map(escapeCell).join(' | ')} |`;
}

export function defaultOf({ defaults, whenUnset, requiredInProduction }: Variable<unknown>): string {
  if (defaults === undefined) {
    const required = requiredInProduction === true ? 'Required in production.' : undefined;
    return [required, whenUnset].filter((part) => part !== undefined).join(' ') || 'none';
  }
  const { development, production } = defaults;
  if (development === production) return `\`${String(development)}\``;
  return `\`${String(development)}\`; in production \`${String(production)}\``;
}
