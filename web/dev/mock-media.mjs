// A live plane for development: ffmpeg makes a moving picture with sound, its fMP4 goes to every WebSocket.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';

const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-profile:v', 'baseline', '-flags', '+global_header',
  '-g', '60', '-b:v', '800k', '-c:a', 'aac', '-b:a', '64k'];
const source = (seconds) => [
  '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30', '-f', 'lavfi', '-i', 'sine=frequency=220:beep_factor=4:sample_rate=48000',
  ...(seconds ? ['-t', String(seconds)] : []), ...encode,
];

export const mime = 'video/mp4; codecs="avc1.42c01e,mp4a.40.2"';

/** Runs until stopped; calls back with each fragment and keeps the init segment and what came since the last keyframe. */
export class MediaSource {
  init = null;
  sinceKey = [];
  listeners = new Set();
  startedAt = Date.now();
  #pending = Buffer.alloc(0);
  #head = [];

  constructor(directory) {
    mkdirSync(directory, { recursive: true });
    this.process = spawn('ffmpeg', ['-v', 'error', '-re', ...source(), '-map', '0:v', '-map', '1:a',
      '-f', 'mp4', '-flush_packets', '1', '-movflags', 'empty_moov+default_base_moof+frag_every_frame', 'pipe:1',
      ...encode, '-map', '0:v', '-map', '1:a', '-f', 'hls', '-hls_segment_type', 'fmp4', '-hls_time', '2', '-hls_list_size', '6',
      '-hls_flags', 'delete_segments+program_date_time', `${directory}/live.m3u8`]);
    this.process.stderr.on('data', (text) => process.stderr.write(text));
    this.process.stdout.on('data', (data) => this.#read(data));
  }

  get at() { return Date.now() - this.startedAt; }

  stop() { this.process.kill('SIGKILL'); }

  #read(data) {
    this.#pending = Buffer.concat([this.#pending, data]);
    while (this.#pending.length >= 8) {
      const size = this.#pending.readUInt32BE(0);
      if (this.#pending.length < size) return;
      this.#box(this.#pending.toString('latin1', 4, 8), this.#pending.subarray(0, size));
      this.#pending = this.#pending.subarray(size);
    }
  }

  #box(type, box) {
    this.#head.push(box);
    if (type === 'moov') {
      this.init = Buffer.concat(this.#head);
      this.startedAt = Date.now();
    }
    if (type !== 'moov' && type !== 'mdat') return;
    const whole = Buffer.concat(this.#head);
    this.#head = [];
    if (type === 'moov') return;
    if (isKey(whole)) this.sinceKey = [];
    this.sinceKey.push(whole);
    for (const listener of this.listeners) listener(whole);
  }
}

/** Track 1 (the picture) begins with a sync sample, by the flags of tfhd or trun. */
function isKey(fragment) {
  const tfhd = fragment.indexOf('tfhd');
  if (tfhd < 0 || fragment.readUInt32BE(tfhd + 8) !== 1) return false;
  const trun = fragment.indexOf('trun', tfhd);
  const flags = fragment.readUInt32BE(trun + 4) & 0xffffff;
  if (flags & 0x4) return fragment.readUInt32BE(trun + 12 + (flags & 1 ? 4 : 0)) === 0x02000000;
  let at = tfhd + 12;
  const present = fragment.readUInt32BE(tfhd + 4) & 0xffffff;
  for (const [bit, size] of [[0x1, 8], [0x2, 4], [0x8, 4], [0x10, 4]]) if (present & bit) at += size;
  return (present & 0x20) !== 0 && fragment.readUInt32BE(at) === 0x02000000;
}

export function makeReplay(directory, seconds) {
  mkdirSync(directory, { recursive: true });
  return new Promise((resolve, reject) => {
    const made = spawn('ffmpeg', ['-v', 'error', '-y', ...source(seconds), '-map', '0:v', '-map', '1:a', '-f', 'hls', '-hls_segment_type', 'fmp4',
      '-hls_time', '2', '-hls_playlist_type', 'vod', `${directory}/replay.m3u8`], { stdio: 'inherit' });
    made.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`ffmpeg ended with ${code}`))));
  });
}
