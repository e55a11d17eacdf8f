import type { Transport } from './outlet';

/** `?player=ws|whep|hls|native` makes the player use one way and no other, for trying it out. */
export function forcedTransport(): Transport | null {
  const asked = new URLSearchParams(location.search).get('player');
  return asked === 'ws' || asked === 'whep' || asked === 'hls' || asked === 'native' ? asked : null;
}
