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
  // What a test waits for comes, on a busy machine late: no test says how fast something is.
  test: { environment: 'node', include: ['src/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 100_000, interval: 5 } } },
});
