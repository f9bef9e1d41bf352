import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Context, MiddlewareHandler } from 'hono';
import type { HttpEnvironment } from '../http/environment.ts';

const compress = promisify(gzip);

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};
const PACKED_ALREADY = new Set(['.png', '.woff2']);
const INDEX = '/index.html';
/** Names of files below it carry a hash of what is in them. */
const HASHED = '/assets/';

type StaticFile = { body: Buffer; gzipped: Buffer | undefined; type: string; etag: string; cacheControl: string };

export type StaticFiles = ReadonlyMap<string, StaticFile>;

/** Reads a folder of built pages into memory: a few files, of which no request can then name any other. */
export async function loadStaticFiles(directory: string): Promise<StaticFiles> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  const files = await Promise.all(
    paths.map(async (path) => {
      const name = `/${relative(directory, path).split(sep).join('/')}`;
      return [name, await load(name, path)] as const;
    }),
  );
  return new Map(files);
}

async function load(name: string, path: string): Promise<StaticFile> {
  const body = await readFile(path);
  const extension = extname(path);
  return {
    body,
    gzipped: PACKED_ALREADY.has(extension) ? undefined : await compress(body),
    type: TYPES[extension] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    cacheControl: name.startsWith(HASHED) ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
}

/** Serves the files; any other path that could be one of a page gets the page, which reads it. */
export function serveStaticFiles(files: StaticFiles): MiddlewareHandler<HttpEnvironment> {
  return async (c, next) => {
    const { path } = c.req;
    const isPage = extname(path) === '';
    const file = files.get(path) ?? (isPage ? files.get(INDEX) : undefined);
    if (file === undefined || !['GET', 'HEAD'].includes(c.req.method)) return next();
    return answer(c, file);
  };
}

function answer(c: Context<HttpEnvironment>, { body, gzipped, type, etag, cacheControl }: StaticFile): Response {
  c.header('content-type', type);
  c.header('cache-control', cacheControl);
  c.header('etag', etag);
  c.header('vary', 'accept-encoding');
  if (c.req.header('if-none-match') === etag) return c.body(null, 304);
  if (gzipped === undefined || !/\bgzip\b/.test(c.req.header('accept-encoding') ?? '')) return c.body(bytes(body));
  c.header('content-encoding', 'gzip');
  return c.body(bytes(gzipped));
}

function bytes(buffer: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
}
