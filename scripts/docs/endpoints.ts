import { type AnyRoute, routes, streamRoutes } from '@hexclave/contract';

/**
 * Method and path of each route, without its schemas: what the JavaScript client needs at run time. With the schemas it
 * would carry half a megabyte into every browser.
 */
export function endpointsFile(): string {
  const lines = Object.entries({ ...routes, ...streamRoutes } as unknown as Record<string, AnyRoute>)
    .map(([name, { method, path }]) => `  ${name}: { method: '${method}', path: '${path}' },`)
    .sort();
  return `/** Compiled from the routes. Do not edit: run \`npm run generate:docs\`. */
export const ENDPOINTS = {
${lines.join('\n')}
} as const;
`;
}
