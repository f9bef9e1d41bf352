import { text } from '../parsers.ts';
import { type Catalogue, optional } from '../variable.ts';
import { CATALOGUE } from './server.ts';
import { CLI_CATALOGUE } from './tools.ts';

/** What the JavaScript client reads within somebody's app, where nothing else is given. */
export const SDK_CATALOGUE = {
  apiUrl: CATALOGUE.apiUrl,
  browserApiUrl: optional({
    ...CATALOGUE.apiUrl,
    olderNames: [],
    prefix: 'browser',
    inDevelopment: undefined,
    sentence: 'The same for browsers only, where servers reach the API in another way.',
    whenUnset: '`NEXT_PUBLIC_HEXCLAVE_API_URL`.',
  }),
  serverApiUrl: optional({
    ...CATALOGUE.apiUrl,
    olderNames: [],
    prefix: 'serverSide',
    inDevelopment: undefined,
    sentence: 'The same for servers only.',
    whenUnset: '`NEXT_PUBLIC_HEXCLAVE_API_URL`.',
  }),
  viteApiUrl: optional({
    ...CATALOGUE.apiUrl,
    olderNames: [],
    prefix: 'vite',
    inDevelopment: undefined,
    sentence: 'The same for apps that Vite bundles.',
    whenUnset: 'The app has to name the address.',
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
  superSecretAdminKey: CLI_CATALOGUE.superSecretAdminKey,
} as const satisfies Catalogue;
