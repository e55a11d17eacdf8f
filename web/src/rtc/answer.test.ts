import { expect, it } from 'vitest';
import { refusesSound } from './answer';

const answer = (port: number) => ['v=0', 'm=video 9 UDP/TLS/RTP/SAVPF 102', 'a=mid:0', `m=audio ${port} UDP/TLS/RTP/SAVPF 111`, 'a=mid:1', ''].join('\r\n');

it.each([[0, true], [9, false]])('with the sound at port %i refuses it: %s', (port, refused) => {
  expect(refusesSound(answer(port))).toBe(refused);
});

it('refuses none when the refused stream is the picture', () => {
  expect(refusesSound(answer(9).replace('m=video 9', 'm=video 0'))).toBe(false);
});
