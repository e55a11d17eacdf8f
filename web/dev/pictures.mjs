// The pictures of README, from a demo of its own: `scripts/pictures` calls it with the program, the built pages and the directory they go to.
// Sizes, language, time zone and theme are fixed, and each is taken at the same point of what goes on, so that a new picture differs where a page does.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { launch } from './browser.mjs';

const [program, web, directory] = process.argv.slice(2);
const limit = 60_000;
mkdirSync(directory, { recursive: true });

/** As many free ports, all held until the last is known. */
async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => done(server));
  })));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

async function startDemo(data) {
  const [http, liveHttp, rtmp, rtc] = await freePorts(4);
  const demo = spawn(program, ['up', '--demo', '--data', data, '--http', http, '--live-http', liveHttp, '--rtmp', rtmp, '--rtc', rtc, '--web', web].map(String));
  const said = [];
  demo.stderr.on('data', (bytes) => said.push(bytes));
  const exited = new Promise((done) => demo.once('exit', done));
  const url = await new Promise((done, fail) => {
    createInterface({ input: demo.stdout }).on('line', (line) => {
      said.push(`${line}\n`);
      if (line.includes(`http://localhost:${http}`)) done(`http://localhost:${http}`);
    });
    exited.then((code) => fail(new Error(`The demo ended with ${code}:\n${said.join('')}`)));
  });
  return { url, end: () => { demo.kill('SIGTERM'); return exited; } };
}

const phone = { width: 390, height: 844 };

async function takeAll(browser, base) {
  async function open(handle, viewport, scale) {
    const context = await browser.newContext({ viewport, deviceScaleFactor: scale, locale: 'en-GB', timezoneId: 'Europe/Berlin', colorScheme: 'light', reducedMotion: 'reduce' });
    context.setDefaultTimeout(limit);
    const page = await context.newPage();
    await page.goto(`${base}/sign-in`);
    await page.getByTestId(`demo-${handle}`).click();
    await page.getByTestId('chat').first().waitFor();
    return page;
  }
  async function take(page, name) {
    await page.mouse.move(0, 0);
    await page.evaluate(() => document.fonts.ready);
    await page.waitForFunction(() => [...document.images].every((image) => image.complete));
    const path = join(directory, `${name}.png`);
    await page.screenshot({ path });
    console.log(`${path}: ${Math.round(statSync(path).size / 1024)} KB`);
  }
  const said = (page, text) => page.getByTestId('comment').filter({ hasText: text }).first().waitFor();

  const tom = await open('tom', phone, 1.5);
  // Everything is there when the second replay is.
  await tom.getByTestId('nav-live').click();
  await tom.getByTestId('replays').getByTestId('broadcast').nth(1).waitFor();
  await tom.getByTestId('nav-moments').click();
  await tom.getByTestId('moment').filter({ hasText: 'Which lens?' }).waitFor();
  // Below who is live, whom the picture of a broadcast shows better.
  await tom.getByTestId('moment').filter({ hasText: 'Which lens?' }).evaluate((element) => element.scrollIntoView());
  await tom.getByTestId('moment').nth(2).waitFor();
  await take(tom, 'moments');
  await tom.getByTestId('nav-chats').click();
  await tom.getByTestId('chat').filter({ hasText: '林晓梅' }).filter({ hasNotText: 'Weekend' }).click();
  await tom.getByTestId('live-bar').first().waitFor();
  await tom.getByTestId('card').filter({ hasText: 'Sunday at the weir' }).waitFor();
  // It opens at what is new, which here fills less than the screen but for the live bars.
  await tom.getByTestId('message').last().evaluate((element) => element.scrollIntoView({ block: 'end' }));
  await tom.getByTestId('to-newest').waitFor({ state: 'detached' });
  await take(tom, 'chat');

  const watcher = await open('tom', { width: 1280, height: 640 }, 1);
  await watcher.getByTestId('nav-live').click();
  await watcher.getByTestId('live-now').getByTestId('broadcast').filter({ hasText: 'Sunday at the weir' }).click();
  await watcher.locator('[data-testid=player][data-state=playing]').waitFor();
  await said(watcher, '下次一起去吧');
  await watcher.mouse.move(0, 0);
  // The mother duck swims ahead of her ducklings to the right: the picture turns round every ten seconds.
  await watcher.waitForFunction(() => { const at = document.querySelector('video').currentTime % 10; return at > 1.5 && at < 3.5; }, null, { polling: 100 });
  await take(watcher, 'watch');

  await tom.getByTestId('back').click();
  await tom.getByTestId('to-accounts').click();
  await tom.getByTestId('article').first().click();
  await tom.getByRole('heading', { level: 1 }).waitFor();
  await take(tom, 'article');
}

const data = mkdtempSync(join(tmpdir(), 'weir-pictures-'));
let demo, browser;
try {
  demo = await startDemo(data);
  browser = await launch();
  await takeAll(browser, demo.url);
} finally {
  await browser?.close();
  await demo?.end();
  rmSync(data, { recursive: true });
}
