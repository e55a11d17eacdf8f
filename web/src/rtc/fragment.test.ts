import { describe, expect, it } from 'vitest';
import { iceOf, restartFragment, withIce } from './fragment';

const offer = [
  'v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0 1',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'c=IN IP4 0.0.0.0', 'a=ice-ufrag:newU', 'a=ice-pwd:newPassword', 'a=ice-options:trickle', 'a=mid:0',
  'm=video 9 UDP/TLS/RTP/SAVPF 102', 'a=ice-ufrag:newU', 'a=ice-pwd:newPassword', 'a=mid:1', '',
].join('\r\n');
const answer = [
  'v=0', 'a=ice-lite',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=ice-ufrag:old', 'a=ice-pwd:oldPassword', 'a=candidate:1 1 udp 2130706431 127.0.0.1 8082 typ host', 'a=mid:0',
  'm=video 9 UDP/TLS/RTP/SAVPF 102', 'a=ice-ufrag:old', 'a=ice-pwd:oldPassword', 'a=mid:1', '',
].join('\r\n');

describe('ICE restart', () => {
  it('takes the first section’s credentials, and none where there are none', () => {
    expect(iceOf(offer)).toEqual({ ufrag: 'newU', pwd: 'newPassword', candidates: [] });
    expect(iceOf('v=0\r\n')).toBeNull();
  });

  it('sends what the standard wants in the fragment', () => {
    expect(restartFragment(offer).split('\r\n')).toEqual([
      'a=ice-options:trickle', 'a=group:BUNDLE 0 1', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=mid:0', 'a=ice-ufrag:newU', 'a=ice-pwd:newPassword', 'a=end-of-candidates', '',
    ]);
    expect(() => restartFragment('v=0\r\n')).toThrow();
  });

  it('puts the server’s new credentials into every section and keeps the address when none is named', () => {
    const next = withIce(answer, { ufrag: 'next', pwd: 'nextPassword', candidates: [] });
    expect(next.match(/a=ice-ufrag:next/g)).toHaveLength(2);
    expect(next).not.toContain('old');
    expect(next).toContain('127.0.0.1 8082');
  });

  it('replaces the address when the restart names one', () => {
    const next = withIce(answer, { ufrag: 'next', pwd: 'nextPassword', candidates: ['a=candidate:1 1 udp 1 192.0.2.1 8082 typ host'] });
    expect(next).toContain('192.0.2.1 8082');
    expect(next).not.toContain('127.0.0.1 8082');
  });
});
