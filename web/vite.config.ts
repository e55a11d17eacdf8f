import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// `npm run dev` talks to a Weir (or dev/mock-server.mjs) that listens here.
const backend = process.env.WEIR_BACKEND ?? 'http://localhost:8080';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    sourcemap: false,
    manifest: true, // dev/size.mjs reads it
    // Every page is a chunk of its own; inlining pictures would defeat their caching and a strict img-src.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': backend } },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
