// A development tool: screenshots of every page at 390 and 1280 px in both themes and languages, with axe-core on each, from the mock
// server (`npm run build && npm run mock` first). `node dev/look.mjs DIRECTORY [BASE]`. Says what axe and the console had to say.
import { mkdirSync, readFileSync } from 'node:fs';
import { launch } from './browser.mjs';

const directory = process.argv[2] ?? 'screenshots';
const base = process.argv[3] ?? 'http://localhost:8090';
const only = process.env.ONLY?.split(',');
const axe = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
mkdirSync(directory, { recursive: true });

const browser = await launch();
let faults = 0;
for (const [width, height, scheme, language] of [[390, 844, 'light', 'zh-CN'], [390, 844, 'dark', 'en'], [1280, 800, 'light', 'en'], [1280, 800, 'dark', 'zh-CN']]) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, locale: language, deviceScaleFactor: 1 });
  const page = await context.newPage();
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type()) && !/status of 40[14]/.test(message.text())) { console.log(`console: ${message.text()}`); faults++; } });
  page.on('pageerror', (error) => { console.log(`page error: ${error.stack}`); faults++; });
  const shot = async (name) => {
    if (only && !only.includes(name)) return;
    await page.screenshot({ path: `${directory}/${name}-${width}-${scheme}.png` });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }));
    for (const one of violations) {
      faults++;
      console.log(`axe ${name} ${width} ${scheme}: ${one.id}: ${one.nodes.map((node) => `${node.target} ${node.any[0]?.message ?? ''}`).slice(0, 3).join(' | ')}`);
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);
    if (wide) { faults++; console.log(`${name} ${width}: wider than the window`); }
  };
  const open = async (path) => { await page.goto(base + path); await page.waitForLoadState('networkidle', { timeout: 4000 }).catch(() => {}); };

  await open('/sign-in'); await shot('sign-in');
  await open('/setup#CODE1234CODE'); await shot('setup');
  await open('/join/welcome'); await shot('join');
  await open('/join/void'); await shot('join-void');
  await open('/b/ffffffffffffffffffffffffffffffff'); await shot('not-found');
  await open('/sign-in');
  await page.getByTestId('demo-ada').click(); await page.getByTestId('nav-live').click();
  await page.getByTestId('live-now').waitFor();
  await shot('live');
  await open('/people'); await shot('people');
  await page.getByTestId('circle').first().click(); await shot('circle'); await page.keyboard.press('Escape');
  await page.getByTestId('friend-wei').click(); await shot('friend'); await page.keyboard.press('Escape');
  await page.getByTestId('invite').click(); await page.getByTestId('make-invitation').click(); await page.waitForTimeout(300); await shot('invite'); await page.keyboard.press('Escape');
  await open('/go-live'); await page.waitForTimeout(1200); await shot('go-live-camera');
  await page.getByTestId('way-encoder').check(); await page.getByTestId('audience-change').click(); await page.getByTestId('audience-circles').check(); await page.getByTestId('audience-circle').first().check();
  await page.getByTestId('add-exception').click(); await page.getByTestId('except-wei').check(); await page.getByTestId('audience-list').click(); await shot('go-live');
  await page.getByTestId('prepare').click(); await page.getByTestId('stream-key').waitFor(); await page.waitForTimeout(600); await shot('studio-ready');
  await page.locator('[data-testid=player][data-state=playing]').waitFor({ timeout: 30000 }); await page.waitForTimeout(2500); await shot('studio-live');
  await page.getByTestId('end').click(); await shot('ask'); await page.getByTestId('ask-yes').click(); await page.getByTestId('summary').waitFor({ timeout: 20000 }); await shot('studio-ended');
  await page.getByTestId('delete').click(); await page.getByTestId('ask-yes').click(); await page.getByTestId('live-now').waitFor();
  await page.getByTestId('live-now').getByTestId('broadcast').first().click();
  await page.locator('[data-testid=player][data-state=playing]').waitFor({ timeout: 20000 });
  await page.getByTestId('composer').fill('看起来很好吃！Looks great'); await page.getByTestId('send').click();
  await page.getByTestId('info').click(); await page.waitForTimeout(1500); await shot('watch');
  await open('/live'); await page.getByTestId('replays').getByTestId('broadcast').first().click();
  await page.locator('[data-testid=player][data-mode=replay][data-state=playing]').waitFor({ timeout: 20000 }); await page.waitForTimeout(2500); await shot('replay');
  await open('/me'); await shot('me');
  await open('/admin'); await page.getByTestId('mode-named').check(); await page.waitForTimeout(400); await shot('admin'); await page.getByTestId('mode-everyone').check();
  await context.close();
}
await browser.close();
console.log(faults === 0 ? 'Nothing to complain about.' : `${faults} complaints.`);
process.exitCode = faults === 0 ? 0 : 1;
