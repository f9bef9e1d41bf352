import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    // As files of their own always: the content security policy knows no inline ones.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Licences of what is bundled have to travel along.
    license: { fileName: 'licenses.md' },
    chunkSizeWarningLimit: 1_000,
    // Which plugin takes how much of a build of seconds is no news to whoever starts a server.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
