import type { Audience, AudienceKind, Circle } from '../api/types';

/**
 * What somebody has chosen in the picker. Unlike an `Audience` it keeps the circles while another kind is looked at. `locked`: an audience
 * that the picker does not offer. It stays what it is, whatever the rest says, until somebody takes it off.
 */
export interface Choice { kind: AudienceKind; circles: string[]; exceptAccounts: string[]; exceptCircles: string[]; locked?: Audience }

export const kinds: AudienceKind[] = ['friends', 'circles', 'link', 'public', 'onlyMe'];
const key = 'weir.audience';

export const nobodyExcluded: Choice = { kind: 'friends', circles: [], exceptAccounts: [], exceptCircles: [] };

/** The wire form, or null while it names nobody (circles without one chosen). */
export function toAudience(choice: Choice): Audience | null {
  if (choice.locked) return choice.locked;
  if (choice.kind === 'circles' && choice.circles.length === 0) return null;
  const audience: Audience = { kind: choice.kind };
  if (choice.kind === 'circles') audience.circles = choice.circles;
  if (choice.kind !== 'onlyMe' && (choice.exceptAccounts.length > 0 || choice.exceptCircles.length > 0)) {
    audience.except = { accounts: choice.exceptAccounts, circles: choice.exceptCircles };
  }
  return audience;
}

/** What the picker begins with. `offered`: the kinds it has; any other is locked. */
export function fromAudience(audience: Audience | null | undefined, offered: readonly AudienceKind[] = kinds): Choice {
  if (!audience) return nobodyExcluded;
  const kind = offered.find((one) => one === audience.kind);
  if (!kind) return { ...nobodyExcluded, locked: audience };
  return {
    kind,
    circles: audience.circles ?? [],
    exceptAccounts: audience.except?.accounts ?? [],
    exceptCircles: audience.except?.circles ?? [],
  };
}

/** What the address of "Go live" says about where one came from. */
export function cameFrom(search: string): Audience | null {
  const from = new URLSearchParams(search);
  const [conversation, officialAccount] = [from.get('conversation'), from.get('official')];
  if (conversation) return { kind: 'conversation', conversation };
  return officialAccount ? { kind: 'followers', officialAccount } : null;
}

/** The audience to send after somebody had the picker before them: null when they chose nothing else than what was there. */
export function chosenAudience(before: Choice, now: Choice): Audience | null {
  const audience = toAudience(now);
  return now.locked || !audience || same(audience, toAudience(before)) ? null : audience;
}

function same(one: Audience, other: Audience | null): boolean {
  const set = (list?: string[] | null) => JSON.stringify([...list ?? []].sort());
  return one.kind === other?.kind
    && set(one.circles) === set(other.circles)
    && set(one.except?.accounts) === set(other.except?.accounts)
    && set(one.except?.circles) === set(other.except?.circles);
}

/** A remembered audience, and who was in each of its circles when it was chosen. */
interface Kept { audience: Audience; members: Record<string, string[]> }

const membersOf = (circles: readonly Circle[]) => circles.map((circle) => [circle.id, circle.members.map(({ handle }) => handle)] as const);

function keep(audience: Audience, circles: readonly Circle[]): string {
  const used = new Set([...audience.circles ?? [], ...audience.except?.circles ?? []]);
  const members = Object.fromEntries(membersOf(circles.filter(({ id }) => used.has(id))));
  return JSON.stringify({ audience, members } satisfies Kept);
}

/** The choice that was kept, or less than it: nobody comes to see anything because a circle changed since. Null: nothing was kept. */
function kept(text: string | null, circles: readonly Circle[]): Choice | null {
  try {
    const stored = JSON.parse(text ?? 'null') as Kept | Audience | null;
    if (!stored) return null;
    // An earlier version kept the audience alone.
    const { audience, members } = 'audience' in stored ? stored : { audience: stored, members: {} };
    return narrowed(fromAudience(audience), members, new Map(membersOf(circles)));
  } catch {
    return null; // somebody edited it
  }
}

/**
 * Without circles that are gone or have members who were not in them then. Whoever was in a circle that was left out and is in it no
 * longer is left out by name, as the server does it with what was posted. People who were left out by name stay out, friends or not.
 */
function narrowed(choice: Choice, then: Record<string, string[]>, now: ReadonlyMap<string, string[]>): Choice {
  if (choice.locked) return choice;
  // Nobody knows whom a circle left out that is gone.
  if (choice.exceptCircles.some((id) => !then[id] && !now.has(id))) return { ...nobodyExcluded, kind: 'circles' };
  const strayed = choice.exceptCircles.flatMap((id) => (then[id] ?? []).filter((handle) => !now.get(id)?.includes(handle)));
  return {
    ...choice,
    circles: choice.circles.filter((id) => now.get(id)?.every((handle) => then[id]?.includes(handle))),
    exceptCircles: choice.exceptCircles.filter((id) => now.has(id)),
    exceptAccounts: [...new Set([...choice.exceptAccounts, ...strayed])],
  };
}

/** The last choice on this device. `where`: each kind of thing has its own. */
export function lastChoice(circles: readonly Circle[], where = key): Choice {
  const last = kept(localStorage.getItem(where), circles);
  return !last || last.locked ? nobodyExcluded : last; // one that is locked is never kept from here
}

/** One that is locked belongs to where it came from, not to the next time. */
export function rememberChoice(audience: Audience, circles: readonly Circle[], where = key): void {
  if (kinds.some((kind) => kind === audience.kind)) localStorage.setItem(where, keep(audience, circles));
}

const rehearsalKey = (broadcast: string) => `weir.rehearsal.${broadcast}`;

/** Whom a rehearsal is for when it goes live. */
export function rememberRehearsal(broadcast: string, audience: Audience | null, circles: readonly Circle[]): void {
  if (audience) sessionStorage.setItem(rehearsalKey(broadcast), keep(audience, circles));
  else forgetRehearsal(broadcast);
}

export const forgetRehearsal = (broadcast: string): void => sessionStorage.removeItem(rehearsalKey(broadcast));

/** Of one that was not begun here nobody knows for whom it is: friends at most, without those who were left out last. */
export function rehearsedFor(broadcast: string, circles: readonly Circle[]): Choice {
  const wanted = kept(sessionStorage.getItem(rehearsalKey(broadcast)), circles);
  if (wanted) return wanted;
  const last = lastChoice(circles);
  return last.kind === 'circles' ? last : { ...last, kind: 'friends' };
}
