import { describe, expect, it } from 'vitest';
import { ffmpegCommand, fullUrl, mask } from './rtmp';

const target = { url: 'rtmp://weir.example:1935/live', streamKey: 'abc_DEF-1' };

describe('the stream address', () => {
  it('is address and key with one slash between', () => {
    expect(fullUrl(target)).toBe('rtmp://weir.example:1935/live/abc_DEF-1');
    expect(fullUrl({ ...target, url: `${target.url}/` })).toBe('rtmp://weir.example:1935/live/abc_DEF-1');
  });
  it('shows no key while it is masked', () => {
    expect(mask(ffmpegCommand(target), target.streamKey)).not.toContain(target.streamKey);
  });
});
