// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are references within values of variables.
import { parse } from 'dotenv';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CLI_CATALOGUE, migrateEnvFile, resolveEnvironment } from '../index.ts';

test('names change; comments, order, quotes and line breaks stay', () => {
  const before = [
    '# ours',
    'export STACK_LOG_LEVEL = "debug" # loud',
    '',
    "STACK_SERVER_SECRET='a # b'",
    'OTHER=STACK_LOG_LEVEL',
    '# STACK_HOST=old',
    'NEXT_PUBLIC_STACK_API_URL=http://localhost:${NEXT_PUBLIC_STACK_PORT_PREFIX:-81}02',
    'STACK_NAME=of another program',
    '',
  ].join('\r\n');
  const { text, changes } = migrateEnvFile(before);
  expect(text).toBe(
    before
      .replace('export STACK_LOG', 'export HEXCLAVE_LOG')
      .replace('STACK_SERVER', 'HEXCLAVE_SERVER')
      .replace('PUBLIC_STACK_API', 'PUBLIC_HEXCLAVE_API')
      .replace('PUBLIC_STACK_PORT', 'PUBLIC_HEXCLAVE_PORT'),
  );
  expect(changes.map(({ line, kind }) => [line, kind])).toEqual([
    [2, 'renamed'],
    [4, 'renamed'],
    [7, 'renamed'],
  ]);
});

test.each([
  ['the same twice', 'HEXCLAVE_HOST=a\nSTACK_HOST=a # why\n', 'HEXCLAVE_HOST=a\n# why\n'],
  ['an empty present name', 'HEXCLAVE_HOST=# which\nSTACK_HOST=a\n', '# which\nHEXCLAVE_HOST=a\n'],
  ['an empty older name', 'STACK_HOST=\nHEXCLAVE_HOST=a\n', 'HEXCLAVE_HOST=a\n'],
  ['both empty', 'STACK_HOST=\nHEXCLAVE_HOST=\n', 'HEXCLAVE_HOST=\n'],
  ['only an empty older one', 'STACK_HOST=\n', 'HEXCLAVE_HOST=\n'],
  ['one that was renamed', 'STACK_BASE_URL=http://a\n', 'NEXT_PUBLIC_HEXCLAVE_API_URL=http://a\n'],
  [
    'two that were renamed',
    'NEXT_PUBLIC_STACK_URL=http://b\nSTACK_BASE_URL=http://a',
    'NEXT_PUBLIC_HEXCLAVE_API_URL=http://a',
  ],
  [
    'one that counts for nothing',
    'STACK_BASE_URL=http://a\nNEXT_PUBLIC_STACK_API_URL=http://b',
    'NEXT_PUBLIC_HEXCLAVE_API_URL=http://b',
  ],
  ['a value over several lines', 'STACK_HOST="a\nSTACK_HOST=b\n"\nX=1', 'HEXCLAVE_HOST="a\nSTACK_HOST=b\n"\nX=1'],
  [
    'an older reference alone',
    'HEXCLAVE_HOST=${NEXT_PUBLIC_STACK_PORT_PREFIX}',
    'HEXCLAVE_HOST=${NEXT_PUBLIC_HEXCLAVE_PORT_PREFIX}',
  ],
])('%s', (_case, before, after) => {
  expect(migrateEnvFile(before).text).toBe(after);
});

test('a conflict is left to people, and nothing is changed', () => {
  const text = 'STACK_HOST=a\nSTACK_LOG_LEVEL=info\nHEXCLAVE_HOST=b\n';
  expect(migrateEnvFile(text)).toEqual({
    text,
    changes: [],
    conflicts: [{ canonical: 'HEXCLAVE_HOST', other: 'STACK_HOST', line: 1 }],
  });
});

const NAMES = [
  ...['HEXCLAVE_PROJECT_ID', 'STACK_PROJECT_ID', 'HEXCLAVE_API_URL', 'STACK_API_URL', 'HEXCLAVE_URL', 'STACK_BASE_URL'],
  ...['NEXT_PUBLIC_HEXCLAVE_API_URL', 'NEXT_PUBLIC_STACK_API_URL', 'NEXT_PUBLIC_STACK_URL', 'OTHER', 'STACK_OTHER'],
];
const line = fc
  .tuple(
    fc.constantFrom(...NAMES),
    fc.constantFrom('', 'http://a', '"http://b"', 'http://${NEXT_PUBLIC_STACK_PORT_PREFIX:-81}'),
    fc.constantFrom('', ' # why'),
  )
  .map(([name, value, comment]) => `${name}=${value}${comment}`);

test('a migrated file says the same, and has nothing left to migrate', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(line, fc.constantFrom('', '# comment')), { maxLength: 12 }), (lines) => {
      const before = lines.join('\n');
      const { text, conflicts } = migrateEnvFile(before);
      if (conflicts.length > 0) {
        expect(() => resolveEnvironment(parse(before), CLI_CATALOGUE)).toThrow('different values');
        return;
      }
      expect(resolveEnvironment(parse(text), CLI_CATALOGUE)).toEqual(resolveEnvironment(parse(before), CLI_CATALOGUE));
      expect(migrateEnvFile(text)).toEqual({ text, changes: [], conflicts: [] });
      const comments = (file: string) => file.match(/#.*$/gm) ?? [];
      expect(comments(text)).toEqual(comments(before));
    }),
  );
});

test('what is shown of a change has no secret', () => {
  const { changes } = migrateEnvFile('STACK_SERVER_SECRET=canary\nSTACK_HOST=a\nSTACK_CRON_SECRET=# none\n');
  expect(changes).toMatchObject([
    { before: 'STACK_SERVER_SECRET=…', after: 'HEXCLAVE_SERVER_SECRET=…' },
    { before: 'STACK_HOST=a', after: 'HEXCLAVE_HOST=a' },
  ]);
});
