import { describe, expect, it } from 'vitest';
import { hasVideo, join, sniff } from './boxes';
import { box } from './boxes.sample';

describe('a binary message of the watch socket', () => {
  it('is an init segment when it begins with ftyp, and a fragment when with moof, styp or prft', () => {
    expect(sniff(box('ftyp'))).toBe('init');
    for (const type of ['moof', 'styp', 'prft']) expect(sniff(box(type, 20))).toBe('fragment');
  });
  it('is unknown when it is garbage, empty or cut short', () => {
    expect(sniff(box('mdat'))).toBe('unknown');
    expect(sniff(new ArrayBuffer(0))).toBe('unknown');
    expect(sniff(new ArrayBuffer(7))).toBe('unknown');
  });
  it('joins in order', () => {
    const whole = new Uint8Array(join([box('moof', 1), box('mdat')]));
    expect(whole.length).toBe(17);
    expect(String.fromCharCode(...whole.slice(13, 17))).toBe('mdat');
  });
  it('tells sound alone from picture by the codecs', () => {
    expect(hasVideo('video/mp4; codecs="avc1.64001f,mp4a.40.2"')).toBe(true);
    expect(hasVideo('video/mp4; codecs="av01.0.04M.08,opus"')).toBe(true);
    expect(hasVideo('video/mp4; codecs="mp4a.40.2"')).toBe(false);
  });
});
