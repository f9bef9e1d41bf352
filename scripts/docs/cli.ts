import { type AnyCommand, EXIT_CODES, GLOBAL_OPTIONS, type Group, type Node, PROGRAM } from '@hexclave/cli';
import { escapeCell, GENERATED } from './markdown.ts';

/** The reference page of the command line. */
export function cliPage(): string {
  return `# Command line

${GENERATED}

In a checkout: \`npx hexclave …\`. Everything that can be asked of a server is asked over its API.

## Where and who

A setting is taken from the first of these that has it:

1. options of the command,
2. the [environment](environment.md), by its present and its older names: \`HEXCLAVE_API_URL\`, \`HEXCLAVE_PROJECT_ID\`,
   \`HEXCLAVE_SECRET_SERVER_KEY\`, \`HEXCLAVE_SUPER_SECRET_ADMIN_KEY\`; for the operator
   \`HEXCLAVE_SEED_INTERNAL_PROJECT_SUPER_SECRET_ADMIN_KEY\`, as the server has it,
3. the configuration file: \`HEXCLAVE_CLI_CONFIG_PATH\`, or \`hexclave/cli.json\` in \`$XDG_CONFIG_HOME\` or \`~/.config\`,
4. for a development server on this machine: the keys in its data directory.

The configuration file is JSON, and refused when others than its owner may open it:

\`\`\`text
{
  "apiUrl": "https://hexclave.example.com",
  "projectId": "de300000-0000-4000-8000-000000000001",
  "projects": { "de300000-0000-4000-8000-000000000001": { "superSecretAdminKey": "sak_…" } }
}
\`\`\`

**Secrets never stand in arguments**, where other users of the machine and the history of the shell have them: they come
from the environment (\`--from-env NAME\`), from standard input (\`--stdin\`), or are asked for and not shown. An argument that
looks like a secret is refused before anything is done.

## Output

Tables for people, coloured in a terminal; \`NO_COLOR\` and \`FORCE_COLOR\` are heeded. Results go to standard output, problems
and progress to standard error. With \`--json\` the result is JSON, the same as the API answers unless it says otherwise
below, and a problem is \`{"error": {"code", "message", "remedy"}}\` on standard error. Fields are added, never renamed.
Control characters and marks that turn the direction of writing are shown as \`\\u{1b}\`, whoever wrote them.

## Exit codes

| code | meaning |
|---|---|
${Object.values(EXIT_CODES).map(exitRow).join('\n')}

## Options of all commands

${optionsTable(Object.values(GLOBAL_OPTIONS))}

${PROGRAM.commands.map((node) => section(node, 'hexclave')).join('\n\n')}
`;
}

function exitRow({ code, meaning }: { code: number; meaning: string }): string {
  return `| ${code} | ${escapeCell(meaning)} |`;
}

function section(node: Node, prefix: string): string {
  const name = `${prefix} ${node.name}`;
  if (node.kind === 'command') return commandSection(node, name, '##');
  return [`## ${name}`, `${node.summary}.${node.details ? ` ${node.details}` : ''}`, ...commandsOf(node, name)].join(
    '\n\n',
  );
}

function commandsOf(group: Group, name: string): string[] {
  return group.commands
    .filter((node) => node.kind === 'group' || node.isHidden !== true)
    .flatMap((node) =>
      node.kind === 'group'
        ? commandsOf(node, `${name} ${node.name}`)
        : [commandSection(node, `${name} ${node.name}`, '###')],
    );
}

function commandSection(command: AnyCommand, name: string, heading: string): string {
  const args = Object.values(command.args ?? {});
  const options = Object.values(command.options ?? {});
  const usage = args.map((one) => (one.isOptional ? `[${one.name}]` : `<${one.name}>`));
  return [
    `${heading} ${name}`,
    [`${command.summary}.`, command.details?.replaceAll('\n', '  \n')].filter(Boolean).join(' '),
    ...(args.length === 0 ? [] : [`\`${[name, ...usage].join(' ')}\``, argumentsTable(args)]),
    ...(options.length === 0 ? [] : [optionsTable(options)]),
    ...(command.examples ? [['```text', ...command.examples, '```'].join('\n')] : []),
    ...(command.json ? [`With \`--json\`: ${command.json.words}${routeOf(command)}`] : []),
    ...(command.failsWhen ? [`Exit code 1: ${command.failsWhen}`] : []),
  ].join('\n\n');
}

function routeOf({ json }: AnyCommand): string {
  return json?.route === undefined ? '' : ` As \`${json.route}\` of the [API](openapi.json) answers.`;
}

type Described = { readonly summary: string; readonly parser?: { readonly expects: string } };

function argumentsTable(args: readonly (Described & { readonly name: string })[]): string {
  const rows = args.map((one) => `| \`${one.name}\` | ${escapeCell(one.summary)} |`);
  return ['| argument | meaning |', '|---|---|', ...rows].join('\n');
}

function optionsTable(
  options: readonly (Described & { readonly flags: string; readonly fallback?: unknown })[],
): string {
  const rows = options.map(({ flags, summary, parser, fallback }) => {
    const expects = parser === undefined ? '' : `; ${parser.expects}`;
    const otherwise = fallback === undefined || fallback === false ? '' : `; default ${String(fallback)}`;
    return `| \`${escapeCell(flags)}\` | ${escapeCell(`${summary}${expects}${otherwise}`)} |`;
  });
  return ['| option | meaning |', '|---|---|', ...rows].join('\n');
}
