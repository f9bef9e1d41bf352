import { Argument, Command, CommanderError, Option } from 'commander';
import type {
  AnyCommand,
  ArgumentSpec,
  ArgumentSpecs,
  Group,
  Node,
  OptionSpec,
  OptionSpecs,
} from './declare/command.ts';
import { GLOBAL_OPTIONS } from './declare/globals.ts';
import { helpAfter } from './output/help.ts';
import { printable } from './output/printable.ts';
import { usageProblem } from './problem.ts';
import type { GlobalOptions } from './settings/settings.ts';

export type ParsedCommandLine = {
  readonly command: AnyCommand;
  readonly input: Parameters<AnyCommand['run']>[0];
  readonly globals: GlobalOptions;
};

type Output = Pick<NodeJS.Process, 'stdout' | 'stderr'>;

/**
 * Finds the command that is meant, and its values. `answered`: help or the version was asked for, and has been printed.
 *
 * @throws {Problem} USAGE
 */
export async function parseCommandLine(
  root: Group & { readonly version: string },
  args: readonly string[],
  output: Output,
): Promise<ParsedCommandLine | 'answered'> {
  let found: ParsedCommandLine | undefined;
  const program = compileGroup(root, (parsed) => {
    found = parsed;
  });
  addOptions(program, GLOBAL_OPTIONS);
  program.version(root.version, '-v, --version', 'prints the version');
  configure(program, output);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 'answered';
    throw error instanceof CommanderError ? toUsageProblem(error) : error;
  }
  if (found === undefined) throw usageProblem('No command was named.', 'hexclave --help lists them.');
  return found;
}

type OnFound = (parsed: ParsedCommandLine) => void;

function compile(node: Node, onFound: OnFound): Command {
  return node.kind === 'group' ? compileGroup(node, onFound) : compileCommand(node, onFound);
}

function compileGroup(group: Group, onFound: OnFound): Command {
  const compiled = new Command(group.name).description(group.details ?? group.summary).summary(group.summary);
  for (const node of group.commands) {
    compiled.addCommand(compile(node, onFound), { hidden: node.kind === 'command' && node.isHidden === true });
  }
  return compiled;
}

function compileCommand(command: AnyCommand, onFound: OnFound): Command {
  const { name, summary, details, args = {}, options = {} } = command;
  const compiled = new Command(name).summary(summary).description([`${summary}.`, details].filter(Boolean).join('\n'));
  for (const spec of Object.values(args)) compiled.addArgument(toArgument(spec));
  addOptions(compiled, options);
  compiled.addHelpText('after', helpAfter(command));
  compiled.action((...given: unknown[]) => {
    const { json, ...globals } = compiled.optsWithGlobals<{ json?: boolean } & Record<string, string>>();
    onFound({
      command,
      input: { args: namedArguments(args, given), options: valuesOf(options, compiled) },
      globals: { json: json === true, ...globals },
    });
  });
  return compiled;
}

function toArgument(spec: ArgumentSpec<unknown>): Argument {
  const argument = new Argument(spec.isOptional ? `[${spec.name}]` : `<${spec.name}>`, spec.summary);
  return argument.argParser((value) => parseValue(spec, `<${spec.name}>`, value));
}

function addOptions(compiled: Command, specs: OptionSpecs): void {
  for (const spec of Object.values(specs)) compiled.addOption(toOption(spec));
}

function toOption(spec: OptionSpec<unknown>): Option {
  const option = new Option(spec.flags, spec.summary);
  if (spec.fallback !== undefined && spec.fallback !== false) option.default(spec.fallback);
  if (spec.parser === undefined) return option;
  return option.argParser((value, before: unknown) => {
    const parsed = parseValue(spec, option.long ?? spec.flags, value);
    return spec.many ? [...(Array.isArray(before) ? before : []), parsed] : parsed;
  });
}

function parseValue(spec: OptionSpec<unknown> | ArgumentSpec<unknown>, name: string, text: string): unknown {
  const value = spec.parser?.parse(text);
  if (value !== undefined) return value;
  throw usageProblem(`${name} must be ${spec.parser?.expects}, not ${JSON.stringify(printable(text))}.`);
}

/** commander names options after their long form, the specs after what they are. */
function valuesOf(specs: OptionSpecs, compiled: Command): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(specs).map(([key, spec]) => {
      const value: unknown = compiled.getOptionValue(toOption(spec).attributeName());
      return [key, value ?? spec.fallback];
    }),
  );
}

function namedArguments(specs: ArgumentSpecs, given: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(Object.keys(specs).map((key, index) => [key, given[index]]));
}

function configure(program: Command, output: Output): void {
  for (const command of [program, ...descendants(program)]) {
    command
      .exitOverride()
      .configureOutput({
        writeOut: (text) => output.stdout.write(text),
        // Told with its remedy, as all problems are.
        writeErr: () => undefined,
      })
      .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
      .helpCommand(false)
      .showSuggestionAfterError();
  }
}

function descendants(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...descendants(child)]);
}

function toUsageProblem(error: CommanderError): Error {
  if (error.code === 'commander.help') return usageProblem('No command was named.', 'Add --help to see what there is.');
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const text = printable(`${message.charAt(0).toUpperCase()}${message.slice(1)}.`);
  return usageProblem(
    text,
    [suggestion?.replace(/[()]/g, ''), 'Add --help to see what there is.'].filter(Boolean).join(' '),
  );
}
