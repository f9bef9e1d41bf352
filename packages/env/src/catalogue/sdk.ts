import { text } from '../parsers.ts';
import { type Catalogue, optional } from '../variable.ts';
import { CATALOGUE } from './server.ts';
import { CLI_CATALOGUE } from './tools.ts';

const api = { name: 'API_URL', parser: CATALOGUE.apiUrl.parser, visibility: 'public' } as const;

/** What the JavaScript client reads within somebody's app, where nothing else is given. */
export const SDK_CATALOGUE = {
  apiUrl: CATALOGUE.apiUrl,
  backendApiUrl: CLI_CATALOGUE.apiUrl,
  browserApiUrl: optional({
    ...api,
    prefix: 'browser',
    sentence: 'The address of the API for browsers only, where servers reach it in another way.',
    whenUnset: '`NEXT_PUBLIC_HEXCLAVE_API_URL`.',
  }),
  serverApiUrl: optional({
    ...api,
    prefix: 'serverSide',
    sentence: 'The address of the API for servers only.',
    whenUnset: '`NEXT_PUBLIC_HEXCLAVE_API_URL`.',
  }),
  viteApiUrl: optional({
    ...api,
    prefix: 'vite',
    sentence: 'The address of the API for apps that Vite bundles.',
    whenUnset: 'The app has to name it.',
  }),
  projectId: CLI_CATALOGUE.projectId,
  publicProjectId: optional({
    name: 'PROJECT_ID',
    prefix: 'public',
    parser: text(),
    visibility: 'public',
    sentence: 'The project of an app, where browsers have to know it too.',
  }),
  viteProjectId: optional({
    name: 'PROJECT_ID',
    prefix: 'vite',
    parser: text(),
    visibility: 'public',
    sentence: 'The same for apps that Vite bundles.',
  }),
  publishableClientKey: optional({
    name: 'PUBLISHABLE_CLIENT_KEY',
    prefix: 'public',
    parser: text(),
    visibility: 'public',
    sentence: 'The publishable client key of that project, which browsers may know.',
  }),
  vitePublishableClientKey: optional({
    name: 'PUBLISHABLE_CLIENT_KEY',
    prefix: 'vite',
    parser: text(),
    visibility: 'public',
    sentence: 'The same for apps that Vite bundles.',
  }),
  secretServerKey: CLI_CATALOGUE.secretServerKey,
} as const satisfies Catalogue;
