import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './ensure-installed.mjs';
import { addUp, runCheck, runTests } from './run-checks.mjs';

/**
 * `npm test`: everything that must hold before a change lands. Arguments are passed on to vitest:
 * `npm test -- packages/env`. The last line counts checks and tests alike.
 */
ensureInstalled();
process.chdir(fileURLToPath(new URL('../', import.meta.url)));

const biome = ['node_modules/@biomejs/biome/bin/biome'];
const tsx = ['--import', 'tsx'];
const results = [
  runCheck('format', [...biome, 'format', '.']),
  runCheck('lint', [...biome, 'check', '--formatter-enabled=false', '--error-on-warnings', '.']),
  runCheck('types', ['node_modules/typescript/bin/tsc', '-p', '.']),
  runCheck('types of the dashboard', ['node_modules/typescript/bin/tsc', '-p', 'apps/dashboard']),
  runCheck('import direction', ['scripts/check-imports.mjs']),
  runCheck('generated documentation is current', [...tsx, 'scripts/generate-docs.ts', '--check']),
  runCheck('generated capture is current', [...tsx, 'scripts/generate-capture.ts', '--check']),
  runCheck('the environment of the local emulator is current', [
    'docker/local-emulator/generate-env-development.mjs',
    '--check',
  ]),
  runTests(process.argv.slice(2)),
];

const { passed, failed, skipped } = addUp(results);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
console.log(`\n${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
