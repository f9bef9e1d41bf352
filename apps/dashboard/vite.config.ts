import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** What every page needs. The others' own are loaded with them. */
const FIRST_PAGE_LIBRARIES =
  /node_modules\/(react|react-dom|scheduler|use-sync-external-store|@tanstack\/(react-router|router-core|history|react-store|store|react-query|query-core))\//;

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    // As files of their own always: the content security policy knows no inline ones.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Licences of what is bundled have to travel along.
    license: { fileName: 'licenses.md' },
    // One file for all pages: it is small, and its rules keep their order.
    cssCodeSplit: false,
    rolldownOptions: {
      // Which plugin takes how much of a build of seconds is no news to whoever starts a server.
      checks: { pluginTimings: false },
      // Libraries change less often than pages do, and stay in the browser's cache over an upgrade.
      output: { codeSplitting: { groups: [{ name: 'libraries', test: FIRST_PAGE_LIBRARIES }] } },
    },
  },
});
