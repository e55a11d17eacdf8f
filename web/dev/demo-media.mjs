// Draws the demo's pictures and the moving picture of its river: `node dev/demo-media.mjs`, with ffmpeg. What it makes is committed.
import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { launch } from './browser.mjs';

const into = fileURLToPath(new URL('../../src/Weir/Demo/', import.meta.url));
const [width, height] = [960, 640];

const stripes = (count, draw) => Array.from({ length: count }, (_, index) => draw(index)).join('');
const pictures = {
  bread: `
    <rect width="960" height="640" fill="#f3e3c8"/><rect y="430" width="960" height="210" fill="#b9824f"/>
    ${stripes(5, (i) => `<rect y="${465 + i * 38}" width="960" height="3" fill="#a87243"/>`)}
    <circle cx="180" cy="150" r="78" fill="#fff3d6"/>
    <ellipse cx="490" cy="470" rx="330" ry="44" fill="#8a5a30" opacity=".5"/>
    <path d="M180 440c-30-150 120-220 310-220s340 70 310 220c-10 40-60 46-310 46s-300-6-310-46z" fill="#c8803c"/>
    <path d="M200 410c0-110 120-165 290-165s290 55 290 165c-80-60-180-80-290-80s-210 20-290 80z" fill="#e0a25a"/>
    ${stripes(4, (i) => `<path d="M${300 + i * 105} 385q30-75 78-105" stroke="#fbe6c2" stroke-width="17" stroke-linecap="round" fill="none"/>`)}
    ${stripes(3, (i) => `<path d="M${390 + i * 95} 190q-24-30 0-58t0-58" stroke="#fff" stroke-width="9" stroke-linecap="round" fill="none" opacity=".8"/>`)}`,
  mountain: `
    <rect width="960" height="640" fill="#bfe0ea"/><circle cx="735" cy="140" r="62" fill="#fff4cf"/>
    <path d="M0 470L230 190l120 150 170-240 260 310 180-120v350H0z" fill="#7d9db3"/>
    <path d="M520 100l-75 106 52-14 26 30 34-34 52 20zM230 190l-62 76 40-10 24 22 26-30 30 18z" fill="#fff"/>
    <path d="M0 520q180-130 400-60t560-60v240H0z" fill="#5f9a6b"/><path d="M0 580q240-110 520-50t440-30v140H0z" fill="#3f7d53"/>
    <path d="M430 640q40-60-10-86t60-50-20-48" stroke="#ead9b0" stroke-width="15" fill="none" stroke-linecap="round"/>
    ${stripes(7, (i) => `<path d="M${70 + i * 132} ${560 - (i % 3) * 34}l-24 62h48z" fill="#2d6243"/>`)}
    ${stripes(4, (i) => `<g transform="translate(${452 + i * 26} ${462 + i * 19})"><circle r="7" fill="#f0c9a4"/><path d="M-8 8h16l3 26h-22z" fill="${['#d5503c', '#2f6fa8', '#e0a030', '#6a4b93'][i]}"/></g>`)}`,
  books: `
    <rect width="960" height="640" fill="#dfe6e3"/><rect y="470" width="960" height="170" fill="#9a6b45"/><rect y="470" width="960" height="12" fill="#b58258"/>
    <rect x="70" y="60" width="270" height="330" rx="10" fill="#fff"/><rect x="88" y="78" width="234" height="294" fill="#9fd0e4"/><path d="M88 310q80-60 234-10v72H88z" fill="#6ba476"/><path d="M205 78v294M88 225h234" stroke="#fff" stroke-width="9"/>
    ${stripes(4, (i) => `<rect x="${440 + (i % 2) * 14}" y="${420 - i * 52}" width="${330 - i * 18}" height="50" rx="6" fill="${['#0e7566', '#d5503c', '#e0a030', '#35527d'][i]}"/><rect x="${470 + (i % 2) * 14}" y="${436 - i * 52}" width="70" height="10" rx="5" fill="#fff" opacity=".7"/>`)}
    <ellipse cx="250" cy="488" rx="98" ry="16" fill="#7e5535"/><path d="M165 392h170v56q0 36-50 36h-70q-50 0-50-36z" fill="#fff"/><path d="M335 408q52 0 46 34t-62 22" stroke="#fff" stroke-width="15" fill="none"/><ellipse cx="250" cy="394" rx="85" ry="13" fill="#9b5f2e"/>
    ${stripes(2, (i) => `<path d="M${225 + i * 50} 362q-20-24 0-46t0-46" stroke="#fff" stroke-width="8" stroke-linecap="round" fill="none" opacity=".9"/>`)}`,
  gauge: `
    <rect width="960" height="640" fill="#cfe5ea"/><path d="M0 330q260-110 520-40t440-50v400H0z" fill="#7fb08a"/>
    <rect y="400" width="960" height="240" fill="#3f8f9b"/>
    ${stripes(9, (i) => `<path d="M0 ${425 + i * 26}q120-12 240 0t240 0 240 0 240 0" stroke="#9fd8cb" stroke-width="4" fill="none" opacity="${0.75 - i * 0.06}"/>`)}
    <path d="M560 400V200h400v200z" fill="#a99a86"/>${stripes(3, (i) => stripes(4, (j) => `<rect x="${568 + j * 100 - (i % 2) * 46}" y="${208 + i * 66}" width="92" height="58" rx="5" fill="#bfb19c"/>`))}
    <rect x="330" y="90" width="120" height="470" rx="8" fill="#fff"/>
    ${stripes(14, (i) => `<rect x="330" y="${108 + i * 32}" width="${i % 2 ? 44 : 78}" height="12" fill="#15323b"/>`)}
    <rect x="330" y="300" width="120" height="14" fill="#d5503c"/>
    <path d="M330 560v-125q60 16 120 0v125z" fill="#3f8f9b" opacity=".75"/>`,
};

/** The river in the evening sun, at a moment of its ten seconds; the last is followed by the first. Runs in the page. */
function drawRiver(part) {
  const [w, h, horizon] = [640, 360, 196];
  const pen = Object.assign(document.querySelector('canvas') ?? document.body.appendChild(document.createElement('canvas')), { width: w, height: h }).getContext('2d');
  const turn = (times, shift = 0) => Math.sin(2 * Math.PI * (times * part + shift));
  const fill = (colour, path) => { pen.fillStyle = colour; pen.beginPath(); path(); pen.fill(); };
  const ground = (from, to, stops) => {
    const shade = pen.createLinearGradient(0, from, 0, to);
    stops.forEach((colour, index) => shade.addColorStop(index / (stops.length - 1), colour));
    fill(shade, () => pen.rect(0, from, w, to - from));
  };
  const hills = (colour, base, rise, waves, shift) => fill(colour, () => {
    pen.moveTo(0, horizon);
    for (let x = 0; x <= w; x += 8) pen.lineTo(x, base - rise * (1 + Math.sin(x / waves + shift)) / 2);
    pen.lineTo(w, horizon);
  });
  ground(0, horizon, ['#2f5d86', '#e59a6f', '#ffd9a0']);
  fill('#fff2c8', () => pen.arc(410, 122, 33, 0, 7));
  for (const [x, y, size, drift] of [[120, 52, 1, 14], [470, 40, 0.8, 9], [300, 82, 0.6, 6]]) {
    const at = x + drift * turn(1);
    fill('rgb(255 240 220 / 65%)', () => { for (const [dx, r] of [[-26, 11], [-6, 16], [18, 13], [36, 8]]) { pen.moveTo(at, y); pen.arc(at + dx * size, y - r * size / 3, r * size, 0, 7); } });
  }
  hills('#8c6f7c', 172, 62, 84, 1.2);
  hills('#54606b', 188, 40, 52, 3.4);
  hills('#2f4a4b', 197, 20, 33, 0.6);
  ground(horizon, h, ['#f0b17e', '#6f8f95', '#1d4654']);
  // The sun's way on the water, and ripples.
  for (let line = 0; line < 24; line++) {
    const y = horizon + 5 + line * 6.6, length = 16 + line * 4.2;
    const x = 410 + turn(line % 3 + 1, line * 0.37) * (5 + line) - length / 2;
    fill(`rgb(255 236 190 / ${0.75 - line * 0.022})`, () => pen.roundRect(x, y, length, 2.6, 1.3));
    const other = (line * 173) % 600 + turn(1, line * 0.21) * 12;
    fill('rgb(255 255 255 / 16%)', () => pen.roundRect(other, y + 3, 26 + line * 2, 1.8, 0.9));
  }
  // The weir: the water falls over it.
  fill('#36393a', () => pen.rect(0, 258, 250, 15));
  fill('#5b6b6d', () => pen.rect(0, 256, 250, 4));
  for (let x = 4; x < 246; x += 9) {
    const fall = (part * 20 + x * 0.31) % 1;
    fill('rgb(226 243 240 / 80%)', () => pen.roundRect(x, 260, 5, 20 + 5 * turn(4, x * 0.13), 2.5));
    fill('rgb(255 255 255 / 90%)', () => pen.roundRect(x + 1, 260 + fall * 18, 3, 6, 1.5));
    fill('rgb(240 250 248 / 75%)', () => pen.ellipse(x + 3, 284 + turn(5, x * 0.29), 7, 2.6, 0, 0, 7));
  }
  // A family of ducks goes there and back, head first.
  const swim = 2 * Math.PI * part, looks = Math.sin(swim) >= 0 ? 1 : -1;
  [[0, 1], [34, 0.62], [58, 0.62], [81, 0.62]].forEach(([behind, size], index) => {
    const x = 445 - 105 * Math.cos(swim) - looks * behind * Math.min(1, Math.abs(Math.sin(swim)) * 4), y = 312 + 2 * turn(6, index * 0.27);
    const spot = (dx, dy, rx, ry) => () => pen.ellipse(x + dx * size * looks, y + dy * size, rx * size, ry * size, 0, 0, 7);
    fill('rgb(255 255 255 / 30%)', spot(-6, 10, 30, 3));
    fill(index ? '#e8c04a' : '#6b4a35', spot(0, 0, 21, 11));
    fill(index ? '#d3a834' : '#8a6247', spot(-5, -2, 12, 6));
    fill(index ? '#efcc5e' : '#20644a', spot(18, -14, 9, 8));
    fill('#e88a2a', spot(29, -13, 5, 2.6));
    fill('#111', spot(20, -16, 1.6, 1.6));
  });
  // Reeds in front.
  for (let reed = 0; reed < 13; reed++) {
    const x = 548 + reed * 8, top = 214 + (reed * 37) % 56, lean = 7 * turn(2, reed * 0.17);
    pen.strokeStyle = reed % 2 ? '#16332f' : '#224a3f';
    pen.lineWidth = 3;
    pen.beginPath(); pen.moveTo(x, h); pen.quadraticCurveTo(x, 300, x + lean, top); pen.stroke();
    if (reed % 3 === 0) fill('#5b3a24', () => pen.ellipse(x + lean, top, 4, 13, lean / 60, 0, 7));
  }
}

const browser = await launch();
const page = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: 1 });
for (const [name, drawing] of Object.entries(pictures)) {
  await page.setContent(`<style>body{margin:0}</style><svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${drawing}</svg>`);
  await page.screenshot({ path: `${into}${name}.jpg`, type: 'jpeg', quality: 82 });
}

const [rate, seconds] = [25, 10];
await page.setViewportSize({ width: 640, height: 360 });
await page.setContent('<style>body{margin:0}canvas{display:block}</style>');
const encoder = spawn('ffmpeg', ['-y', '-loglevel', 'error', '-f', 'image2pipe', '-c:v', 'png', '-r', `${rate}`, '-i', '-',
  // Water: quiet noise that comes and goes, as long as the picture.
  '-f', 'lavfi', '-i', `anoisesrc=color=brown:seed=7:sample_rate=48000:duration=${seconds},volume=0.5*(1+0.35*sin(2*PI*t/5)):eval=frame`,
  '-map', '0:v', '-map', '1:a', '-c:v', 'libx264', '-preset', 'veryslow', '-profile:v', 'high', '-bf', '0', '-g', '50', '-keyint_min', '50', '-sc_threshold', '0', '-crf', '29',
  '-maxrate', '500k', '-bufsize', '760k', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-b:a', '48k', '-ac', '1', '-t', `${seconds}`, '-flvflags', 'no_duration_filesize', `${into}river.flv`],
{ stdio: ['pipe', 'inherit', 'inherit'] });
for (let frame = 0; frame < rate * seconds; frame++) {
  await page.evaluate(drawRiver, frame / (rate * seconds));
  if (!encoder.stdin.write(await page.screenshot())) await once(encoder.stdin, 'drain');
}
encoder.stdin.end();
const [code] = await once(encoder, 'exit');
await browser.close();
if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
console.log(execFileSync('ls', ['-l', into], { encoding: 'utf8' }));
