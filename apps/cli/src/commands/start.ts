import type { Context } from '../context.ts';
import { command } from '../declare/command.ts';
import { usageProblem } from '../problem.ts';
import { runServer } from './run-server.ts';

/** The server as an operator runs it. */
export const start = command({
  name: 'start',
  summary: 'Start the server for production',
  details:
    'Needs a database and secrets of your own, and names all that is missing. Applies migrations first. Ends with SIGTERM or Ctrl-C, once what is under way is done. With NODE_ENV=development it is the same as `hexclave dev`.',
  examples: ['hexclave start'],
  run: (_input, context) => runServer(context, 'production'),
});

/** The server as a developer runs it. */
export const dev = command({
  name: 'dev',
  summary: 'Start a server to develop with, with all that it needs made up',
  details:
    'PostgreSQL comes from npm; data, secrets and keys are kept in HEXCLAVE_DATA_DIRECTORY (default .hexclave). Creates a demo project with a demo external database, and prints how to reach them. Other commands that are run in the same folder find its keys by themselves.',
  examples: ['hexclave dev', 'NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX=82 hexclave dev'],
  run: async (_input, context) => {
    refuseProduction(context);
    return runServer(context);
  },
});

function refuseProduction({ source }: Context): void {
  if (source.NODE_ENV !== 'production') return;
  throw usageProblem(
    'NODE_ENV is production, and `hexclave dev` makes up secrets that are not meant for it.',
    'Use hexclave start, or unset NODE_ENV.',
  );
}
