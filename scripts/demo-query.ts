import { createDatabase } from '@hexclave/db';
import { CATALOGUE, loadEnvironment } from '@hexclave/env';
import { DEMO_STATEMENT, describeDemoDatabase, developmentSecrets, portsOf } from '@hexclave/server';

/** `npm run demo:query [-- "SELECT …"]`: reads the demo external database of `npm start`, for whoever has no psql. */
const environment = loadEnvironment(CATALOGUE);
const { demoDatabasePassword } = await developmentSecrets(environment);
const demo = describeDemoDatabase(portsOf(environment.portPrefix).postgres, demoDatabasePassword);
const database = createDatabase({ connectionString: demo.connectionString, max: 1 });
try {
  console.table(await database.query(process.argv[2] ?? DEMO_STATEMENT));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n→ The server must be running: npm start`);
  process.exitCode = 1;
} finally {
  await database.end();
}
