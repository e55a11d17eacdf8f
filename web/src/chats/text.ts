export type Piece = { text: string } | { text: string; href: string } | { text: string; mention: true };

/** The server makes cards of the same addresses (LinkText.cs). */
const address = /\bhttps?:\/\/[^\s<>"'`，。；：！？、（）【】「」『』《》〈〉“”‘’…]+/giu;
const closing = /[.,;:!?'"\])}]+$/;

/** A message's text in pieces: words, links, and the names of those it mentions. Pieces become text nodes and links; a message never is HTML. */
export function pieces(text: string, mentioned: readonly string[]): Piece[] {
  const result: Piece[] = [];
  let from = 0;
  for (const found of text.matchAll(address)) {
    const end = found[0].length - tail(found[0]);
    const href = found[0].slice(0, end);
    if (!isLink(href)) continue;
    words(text.slice(from, found.index), mentioned, result);
    result.push({ text: href, href });
    from = found.index + end;
  }
  words(text.slice(from), mentioned, result);
  return result;
}

/** How many characters at the end belong to the sentence and not to the address; a bracket that the address itself opened stays. */
function tail(link: string): number {
  const found = closing.exec(link)?.[0] ?? '';
  for (let kept = 0; kept < found.length; kept++) {
    const body = link.slice(0, link.length - found.length + kept + 1);
    if (found[kept] === ')' && body.split('(').length >= body.split(')').length) continue;
    return found.length - kept;
  }
  return 0;
}

function isLink(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text).protocol);
  } catch {
    return false;
  }
}

function words(text: string, mentioned: readonly string[], result: Piece[]): void {
  let rest = text;
  while (rest !== '') {
    // The earliest mention; of two names that begin alike the longer one.
    let at = -1;
    let name = '';
    for (const one of mentioned) {
      const index = rest.indexOf(`@${one}`);
      if (index >= 0 && (at < 0 || index < at || (index === at && one.length > name.length))) [at, name] = [index, one];
    }
    if (at < 0) break;
    if (at > 0) result.push({ text: rest.slice(0, at) });
    result.push({ text: `@${name}`, mention: true });
    rest = rest.slice(at + name.length + 1);
  }
  if (rest !== '') result.push({ text: rest });
}

const emoji = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?(?:\u200D\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?)*|\p{Regional_Indicator}{2})$/u;

/** One to three emoji and nothing else: shown large. */
export function isEmojiOnly(text: string): boolean {
  const shown = text.replace(/\s/g, '');
  if (shown === '' || shown.length > 40) return false;
  const parts = [...new Intl.Segmenter().segment(shown)];
  return parts.length <= 3 && parts.every(({ segment }) => emoji.test(segment));
}
