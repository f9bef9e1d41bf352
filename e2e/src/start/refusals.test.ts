import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atEndOfFile, createEmptyDatabase, withDatabase } from '@hexclave/testing';
import { beforeAll, expect, test } from 'vitest';
import { buildBundle, createPlace, occupyPort, ROOT, runProgram, type Variables } from './program.ts';

let bundle: string;

beforeAll(async () => {
  // The bundle starts faster than the sources; from here it finds the packages with PostgreSQL.
  const folder = await mkdtemp(join(ROOT, 'node_modules', '.hexclave-test-'));
  atEndOfFile(() => rm(folder, { recursive: true, force: true }));
  bundle = await buildBundle(folder);
});

/** Runs a start that must fail, and returns what it said. */
async function refusal(variables: Variables): Promise<string> {
  const program = runProgram([bundle], { NODE_ENV: 'development', ...variables });
  expect(await program.ended()).toBe(1);
  const output = program.output();
  // For people: a code, what happened, what to do; no stack trace.
  expect(output).toContain('→');
  expect(output).not.toMatch(/\n\s+at /);
  return output;
}

test('the port of the API is taken', async () => {
  const { ports, variables } = await createPlace();
  await occupyPort(ports.api);
  const output = await refusal(variables);
  expect(output).toContain(`SERVER_PORT_TAKEN: Port ${ports.api}`);
  expect(output).toContain('NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX');
});

test('the port of the embedded PostgreSQL is taken', async () => {
  const { ports, variables } = await createPlace();
  await occupyPort(ports.postgres);
  expect(await refusal(variables)).toContain(`EMBEDDED_POSTGRES_PORT_TAKEN: Port ${ports.postgres}`);
});

test('the address is not one of this machine', async () => {
  const { variables } = await createPlace();
  const output = await refusal({ ...variables, HEXCLAVE_HOST: '192.0.2.1' });
  expect(output).toContain('SERVER_ADDRESS_UNUSABLE');
  expect(output).toContain('HEXCLAVE_HOST');
});

test('the data folder holds something else', async () => {
  const { directory, variables } = await createPlace();
  await mkdir(join(directory, 'postgres'));
  await writeFile(join(directory, 'postgres', 'holiday.jpg'), '');
  const output = await refusal(variables);
  expect(output).toContain('EMBEDDED_POSTGRES_DATA_BROKEN');
  expect(output).toContain(join(directory, 'postgres'));
});

test('the data directory is a file', async () => {
  const { directory, variables } = await createPlace();
  const file = join(directory, 'file');
  await writeFile(file, '');
  expect(await refusal({ ...variables, HEXCLAVE_DATA_DIRECTORY: file })).toContain('DATA_DIRECTORY_UNUSABLE');
});

test('the file of secrets is damaged: it is not replaced', async () => {
  const { directory, variables } = await createPlace();
  await writeFile(join(directory, 'secrets.json'), '{"serverSecret":"sec');
  const output = await refusal(variables);
  expect(output).toContain(`SECRETS_FILE_BROKEN`);
  expect(output).toContain(join(directory, 'secrets.json'));
  expect(output).not.toContain('sec"');
});

test('nothing answers at the given database, whose password is not shown', async () => {
  const { ports, variables } = await createPlace();
  const output = await refusal({
    ...variables,
    HEXCLAVE_DATABASE_CONNECTION_STRING: `postgresql://someone:canary-password@127.0.0.1:${ports.postgres}/hexclave`,
  });
  expect(output).toContain('INTERNAL_DATABASE_UNREACHABLE');
  expect(output).toContain('ECONNREFUSED');
  expect(output).not.toContain('canary-password');
});

test('the given database cannot hold every text', async () => {
  const { variables } = await createPlace();
  const { db, connectionString } = await createEmptyDatabase();
  await db.query(`CREATE DATABASE hexclave_ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'`);
  try {
    const output = await refusal({
      ...variables,
      HEXCLAVE_DATABASE_CONNECTION_STRING: withDatabase(connectionString, 'hexclave_ascii'),
    });
    expect(output).toContain('INTERNAL_DATABASE_UNSUITABLE');
    expect(output).toContain('SQL_ASCII');
  } finally {
    await db.query('DROP DATABASE hexclave_ascii WITH (FORCE)');
  }
});

test('variables that cannot be meant are all named at once', async () => {
  const { variables } = await createPlace();
  const output = await refusal({ ...variables, HEXCLAVE_LOG_LEVEL: 'loud', HEXCLAVE_SERVER_SECRET: 'canary-short' });
  expect(output).toContain('ENVIRONMENT_INVALID');
  expect(output).toContain('HEXCLAVE_LOG_LEVEL');
  expect(output).toContain('HEXCLAVE_SERVER_SECRET');
  expect(output).not.toContain('canary-short');
});
