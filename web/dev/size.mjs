// What a browser loads before the first frame on the WebSocket path, compressed, from the build's manifest. Fails above the budget.
import { readFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const budget = 150 * 1024;
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));
const files = new Set(['index.html']);

function add(key) {
  const chunk = manifest[key];
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const style of chunk.css ?? []) files.add(style);
  for (const imported of chunk.imports ?? []) add(imported);
}
add('index.html');
add('src/watch/WatchPage.svelte');

let gzip = 0;
let brotli = 0;
for (const file of files) {
  const bytes = readFileSync(new URL(file, dist));
  const small = [gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length];
  gzip += small[0];
  brotli += small[1];
  console.log(`${String(small[0]).padStart(8)} gzip ${String(small[1]).padStart(8)} br  ${file}`);
}
console.log(`${String(gzip).padStart(8)} gzip ${String(brotli).padStart(8)} br  before the first frame (budget ${budget} gzip)`);
process.exitCode = gzip > budget ? 1 : 0;
