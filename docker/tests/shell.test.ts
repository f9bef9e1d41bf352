import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { environmentForChild } from '@hexclave/env';
import { programOrSkip } from '@hexclave/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** The build is plain JavaScript, so that it needs nothing but Node.js. */
type Bundler = { bundle(programs: Record<string, string>, outdir: string): Promise<void> };
const BUNDLER = new URL('../../scripts/bundle.mjs', import.meta.url).href;

const run = promisify(execFile);
const docker = fileURLToPath(new URL('../', import.meta.url));

/** What people have for passwords and addresses, and what breaks shells, sed, scripts, markup and styles. */
const NASTY = [
  'https://api.example.com/a/b?c=d&e=f#g',
  "&&\\1\\n$1$&$`$'",
  'back\\slash \\u0041 \\',
  `"double" 'single' \`back\``,
  '$' + '{HOME} $(touch /tmp/hexclave-was-here) `id` $HOME',
  'first line\nsecond line\n',
  '\r\n\ttabs and returns',
  '</script><script>alert(1)</script><!--',
  'ends with a space ',
  '-n -e --help',
  '*?[a-z]{a,b}~!#;|<>',
  'Grüße, 世界, \u{1F980}, \u202E, \u2028',
  'HEXCLAVE_ENV_VAR_SENTINEL_NEXT_PUBLIC_HEXCLAVE_NASTY_0 and more',
  "'; export HEXCLAVE_HOST=stolen; '",
  'x'.repeat(20_000),
];

let folder: string;
let variables: Record<string, string>;

describe.skipIf(programOrSkip('bats').skip)('in bash', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hexclave-docker-'));
    // As the build makes them.
    const programs = {
      container: join(docker, 'shared/src/main.ts'),
      'emulator-secrets': join(docker, 'local-emulator/src/emulator-secrets.ts'),
    };
    const { bundle } = (await import(BUNDLER)) as Bundler;
    await bundle(programs, folder);
    const nasty = join(folder, 'nasty');
    await writeFile(nasty, NASTY.map((value) => `${value}\0`).join(''));
    variables = { APP: folder, NASTY: nasty, SHARED: join(docker, 'shared'), SERVER: join(docker, 'server') };
  });

  afterAll(() => rm(folder, { recursive: true }));

  test.each(['entrypoint.bats', 'secrets.bats'])(
    '%s',
    async (file) => {
      const { stdout } = await run('bats', ['--tap', join(docker, 'tests', file)], {
        env: environmentForChild(variables),
      }).catch((error: Error & { stdout: string }) => {
        throw new Error(error.stdout, { cause: error });
      });
      expect(stdout).toMatch(/^ok 1 /m);
      expect(stdout).not.toMatch(/^not ok|# skip/m);
    },
    180_000,
  );
});

describe.skipIf(programOrSkip('shellcheck').skip)('shellcheck', () => {
  test('has nothing to say about any script', async () => {
    const names = await readdir(docker, { recursive: true });
    const scripts = names.filter((name) => name.endsWith('.sh') && !name.includes('node_modules'));
    expect(scripts.length).toBeGreaterThan(0);
    await run(
      'shellcheck',
      scripts.map((name) => join(docker, name)),
    );
  });
});
