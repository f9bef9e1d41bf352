import { readFileSync } from 'node:fs';
import { openApiDocument } from '@hexclave/contract';

/** The API as OpenAPI 3.1: the same document that a server answers with at `/api/v1/openapi.json`. */
export function openApiFile(): string {
  const manifest = new URL('../../apps/server/package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return `${JSON.stringify(openApiDocument(version), null, 2)}\n`;
}
