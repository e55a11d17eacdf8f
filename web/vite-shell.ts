import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

// What an offline start does without: the player library that only live pictures need.
const leftOut = /^hls-|\.map$/;

/** Tells the service worker which files the build made. Its version is a digest of them all, so that it changes exactly when one of them does. */
export function shell(): Plugin {
  let dist = '';
  return {
    name: 'weir-shell',
    apply: 'build',
    configResolved(config) {
      dist = join(config.root, config.build.outDir);
    },
    writeBundle: {
      order: 'post',
      sequential: true,
      handler() {
        const files = [
          '/index.html', '/favicon.svg', '/manifest.webmanifest',
          ...readdirSync(join(dist, 'assets')).filter((file) => !leftOut.test(file)).sort().map((file) => `/assets/${file}`),
        ];
        const digest = createHash('sha256');
        for (const file of files) digest.update(file).update(readFileSync(join(dist, file)));
        const worker = join(dist, 'sw.js');
        const text = readFileSync(worker, 'utf8');
        if (!text.includes('__SHELL__') || /^\s*(import|export)\s/m.test(text)) throw new Error('sw.js must be one classic script that asks for __SHELL__.');
        const value = JSON.stringify({ version: digest.update(text).digest('hex').slice(0, 16), files });
        writeFileSync(worker, `const __SHELL__ = ${value};\n${text}`);
      },
    },
  };
}
