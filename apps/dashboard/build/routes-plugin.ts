import { type AnyRoute, dashboardRoutes, routes } from '@hexclave/contract';
import type { Plugin } from 'vite';

const NAME = 'virtual:routes';
const RESOLVED = `\0${NAME}`;

/**
 * Method and path of every route of the contract, as a module for the pages. The contract itself, with its schemas and
 * what checks them, stays out of the browser: there, only its types are used.
 */
export function routesPlugin(): Plugin {
  return {
    name: 'hexclave-routes',
    resolveId: (id) => (id === NAME ? RESOLVED : undefined),
    load: (id) => (id === RESOLVED ? moduleText() : undefined),
  };
}

function moduleText(): string {
  return `export const apiRoutes = ${table(routes)};\nexport const dashboardRoutes = ${table(dashboardRoutes)};\n`;
}

function table(group: object): string {
  const entries = Object.entries(group as Record<string, AnyRoute>);
  return JSON.stringify(Object.fromEntries(entries.map(([name, { method, path }]) => [name, { method, path }])));
}
