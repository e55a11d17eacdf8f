/** What a binary message of the watch socket is, by the type of its first ISO BMFF box. */
export type Piece = 'init' | 'fragment' | 'unknown';

const fragments = new Set(['moof', 'styp', 'prft', 'emsg', 'sidx']);

export function sniff(message: ArrayBuffer): Piece {
  if (message.byteLength < 8) return 'unknown';
  const bytes = new Uint8Array(message, 4, 4);
  const type = String.fromCharCode(...bytes);
  if (type === 'ftyp') return 'init';
  return fragments.has(type) ? 'fragment' : 'unknown';
}

/** Joins pieces so that one append takes them all: an append has a fixed cost, a burst at the start has many pieces. */
export function join(pieces: ArrayBuffer[]): ArrayBuffer {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(new Uint8Array(piece), at);
    at += piece.byteLength;
  }
  return whole.buffer;
}

/** Whether a `video/mp4; codecs=...` has a picture in it. */
export function hasVideo(mime: string): boolean {
  return /avc|hvc1|hev1|av01|vp0?[89]/.test(mime);
}

const hasAudio = (mime: string): boolean => /mp4a|opus/i.test(mime);

/** Whether two types have the same kinds of track: picture, sound, or both. */
export function sameKinds(one: string, other: string): boolean {
  return hasVideo(one) === hasVideo(other) && hasAudio(one) === hasAudio(other);
}
