import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cliPage } from './docs/cli.ts';
import { endpointsFile } from './docs/endpoints.ts';
import { developmentTemplate, emptyTemplate, exampleTemplate } from './docs/env-templates.ts';
import { environmentPage } from './docs/environment.ts';
import { errorsPage } from './docs/errors.ts';
import { metricsPage } from './docs/metrics.ts';
import { openApiFile } from './docs/openapi.ts';
import { projectConfigPage, projectConfigSchemaFile } from './docs/project-config.ts';
import { tablesPage } from './docs/tables.ts';

/** Writes the reference files that are compiled from declarations. With `--check` it only says which are stale. */
const root = new URL('../', import.meta.url);
const pages = {
  '.env': emptyTemplate(),
  '.env.development': developmentTemplate(),
  '.env.example': exampleTemplate(),
  'docs/reference/cli.md': cliPage(),
  'docs/reference/environment.md': environmentPage(),
  'docs/reference/errors.md': errorsPage(),
  'docs/reference/metrics.md': metricsPage(),
  'docs/reference/openapi.json': openApiFile(),
  'docs/reference/project-config.md': projectConfigPage(),
  'docs/reference/project-config.schema.json': projectConfigSchemaFile(),
  'docs/reference/tables.md': tablesPage(),
  'packages/contract/src/generated/endpoints.ts': endpointsFile(),
};

const stale: string[] = [];
for (const [path, wanted] of Object.entries(pages)) {
  const file = fileURLToPath(new URL(path, root));
  if ((await readFile(file, 'utf8').catch(() => undefined)) === wanted) continue;
  stale.push(path);
  if (process.argv.includes('--check')) continue;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, wanted);
}

if (stale.length === 0) {
  console.log('The reference files match the declarations.');
} else if (process.argv.includes('--check')) {
  console.error(`Stale: ${stale.join(', ')}. Run: npm run generate:docs`);
  process.exitCode = 1;
} else {
  console.log(`Written: ${stale.join(', ')}`);
}
