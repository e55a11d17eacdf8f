// Makes the PNGs of the manifest and of iOS from the SVGs: `node dev/icons.mjs`, after a change of the drawing. What it makes is committed.
import { readFileSync } from 'node:fs';
import { launch } from './browser.mjs';

const out = new URL('../public/', import.meta.url).pathname;
const browser = await launch();
for (const [source, file, size] of [['icon', 'icon-192', 192], ['icon', 'icon-512', 512], ['icon-maskable', 'icon-maskable-512', 512], ['icon-maskable', 'apple-touch-icon', 180]]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const svg = readFileSync(`${out}${source}.svg`).toString('base64');
  await page.setContent(`<style>*{margin:0}img{display:block;width:100vw;height:100vh}</style><img src="data:image/svg+xml;base64,${svg}">`);
  await page.locator('img').evaluate((img) => img.decode());
  await page.screenshot({ path: `${out}${file}.png`, omitBackground: true });
  await page.close();
}
await browser.close();
