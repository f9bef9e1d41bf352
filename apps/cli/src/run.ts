import type { Assets } from './assets.ts';
import { ASK, answerShell } from './completion/answer.ts';
import { createContext, watchForInterruption } from './create-context.ts';
import { EXIT_CODES, type ExitCode } from './exit-codes.ts';
import { printableJson } from './output/printable.ts';
import { parseCommandLine } from './parse.ts';
import { describeProblem, toProblem } from './problems.ts';
import { PROGRAM } from './program.ts';
import { refuseSecrets } from './secrets/arguments.ts';

/** Runs one command line. Resolves to the exit code. */
export async function run(args: readonly string[], host: NodeJS.Process, assets: Assets): Promise<ExitCode> {
  endWithReader(host);
  if (args[0] === ASK) {
    host.stdout.write(await answerShell(PROGRAM, args.slice(2), host.env));
    return EXIT_CODES.done.code;
  }
  const interruption = watchForInterruption(host);
  try {
    refuseSecrets(args);
    const parsed = await parseCommandLine(PROGRAM, args, host);
    if (parsed === 'answered') return EXIT_CODES.done.code;
    const { command, input, globals } = parsed;
    const context = createContext(globals, assets, host, interruption);
    const outcome = await command.run(input, context);
    if (outcome === undefined) return EXIT_CODES.done.code;
    const shown = globals.json ? printableJson(outcome.json) : outcome.text?.(context.styles);
    if (shown !== undefined) host.stdout.write(`${shown}\n`);
    return outcome.exitCode ?? EXIT_CODES.done.code;
  } catch (error) {
    const problem = toProblem(error, interruption.happened);
    host.stderr.write(`${describeProblem(problem, args.includes('--json'), host)}\n`);
    return EXIT_CODES[problem.exit].code;
  }
}

/** Whoever reads us through a pipe may have enough, as `head` has. */
function endWithReader(host: NodeJS.Process): void {
  host.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') host.exit(EXIT_CODES.done.code);
    throw error;
  });
}
