/** ICE credentials and candidates of one side, as they stand in a session description or in a trickle fragment (RFC 8840). */
export interface IceDescription { ufrag: string; pwd: string; candidates: string[] }

const lines = (sdp: string): string[] => sdp.split(/\r\n|\n/).filter((line) => line !== '');
const value = (all: string[], prefix: string): string | undefined => all.find((line) => line.startsWith(prefix))?.slice(prefix.length);

/** Of a bundle all sections share the first one's credentials. Null where there are none. */
export function iceOf(sdp: string): IceDescription | null {
  const all = lines(sdp);
  const ufrag = value(all, 'a=ice-ufrag:');
  const pwd = value(all, 'a=ice-pwd:');
  if (ufrag === undefined || pwd === undefined) return null;
  return { ufrag, pwd, candidates: [...new Set(all.filter((line) => line.startsWith('a=candidate:')))] };
}

/** The body of a PATCH that restarts ICE (RFC 9725 4.3.2): the offer's new credentials, with the first section's m= and mid lines. */
export function restartFragment(offer: string): string {
  const all = lines(offer);
  const ice = iceOf(offer);
  const media = all.find((line) => line.startsWith('m='));
  if (!ice || !media) throw new Error('An offer without ICE credentials.');
  const options = all.find((line) => line.startsWith('a=ice-options:'));
  const bundle = all.find((line) => line.startsWith('a=group:BUNDLE'));
  return [
    ...(options ? [options] : []),
    ...(bundle ? [bundle] : []),
    media,
    `a=mid:${value(all, 'a=mid:') ?? '0'}`,
    `a=ice-ufrag:${ice.ufrag}`,
    `a=ice-pwd:${ice.pwd}`,
    ...ice.candidates,
    'a=end-of-candidates',
    '',
  ].join('\r\n');
}

/** The answer of before with the credentials of a restart in every section, and its candidates where it names some. */
export function withIce(answer: string, ice: IceDescription): string {
  const out: string[] = [];
  for (const line of lines(answer)) {
    if (line.startsWith('a=ice-ufrag:')) out.push(`a=ice-ufrag:${ice.ufrag}`);
    else if (line.startsWith('a=ice-pwd:')) out.push(`a=ice-pwd:${ice.pwd}`, ...ice.candidates);
    else if (ice.candidates.length === 0 || !line.startsWith('a=candidate:')) out.push(line);
  }
  return `${out.join('\r\n')}\r\n`;
}
