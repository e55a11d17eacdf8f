import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { shell } from './vite-shell';

// `npm run dev` talks to a Weir (or dev/mock-server.mjs) that listens here.
const backend = process.env.WEIR_BACKEND ?? 'http://localhost:8080';

export default defineConfig({
  plugins: [svelte(), shell()],
  build: {
    target: 'es2022',
    sourcemap: false,
    manifest: true, // dev/size.mjs reads it
    // Every page is a chunk of its own; inlining pictures would defeat their caching and a strict img-src.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      // The service worker is a file of its own beside the page, under a name that stays.
      input: { index: 'index.html', sw: 'src/sw/worker/sw.ts' },
      output: { entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
    },
  },
  server: { proxy: { '/api': backend } },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
