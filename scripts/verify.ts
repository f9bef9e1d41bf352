import { parseArgs } from 'node:util';
import { clientFromEnvironment } from './verify/api.ts';
import { createProgress } from './verify/progress.ts';
import { describeResult, printable } from './verify/report.ts';
import { follow } from './verify/run.ts';

const USAGE = `Compares an external database with its source, over the API of a running server.

  npm run verify -- <external database> [--mapping <table>] [--repair] [--json]

  --mapping   one table only, by the name of its mapping, e.g. users
  --repair    puts right what is different, and nothing else
  --json      prints the answer of the API instead

HEXCLAVE_API_URL (default http://localhost:8102), HEXCLAVE_PROJECT_ID and HEXCLAVE_SUPER_SECRET_ADMIN_KEY say where and
who.
Ends with 0 if nothing is different any more, with 1 if rows are, with 2 if it could not be found out.
Ctrl-C leaves the run to the server, which finishes it.`;

process.exitCode = await main().catch((error: unknown) => {
  console.error(printable(error instanceof Error ? error.message : String(error)));
  return 2;
});

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      mapping: { type: 'string' },
      repair: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [id, ...more] = positionals;
  if (values.help || id === undefined || more.length > 0) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const request = { external_database_id: id, repair: values.repair, mapping: values.mapping };
  const result = await follow(clientFromEnvironment(), request, createProgress(values.json));
  console.log(values.json ? JSON.stringify(result, null, 2) : describeResult(result));
  if (result.state === 'failed' || result.mappings.some(({ state }) => state === 'skipped')) return 2;
  return result.mappings.some(({ remaining }) => remaining > 0) ? 1 : 0;
}
