import type { Audience, AudienceKind } from '../api/types';

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

/** Without circles that are gone. A circle that was to be left out and is gone leaves its members out by name: the server knows them. */
export function without(choice: Choice, gone: (circle: string) => boolean): Choice {
  return { ...choice, circles: choice.circles.filter((id) => !gone(id)), exceptCircles: choice.exceptCircles.filter((id) => !gone(id)) };
}

/** The last choice on this device, without circles and people that are gone. `where`: each kind of thing has its own. */
export function lastChoice(circles: string[], handles: string[], where = key): Choice {
  let stored: Choice = nobodyExcluded;
  try {
    stored = fromAudience(JSON.parse(localStorage.getItem(where) ?? 'null') as Audience | null);
  } catch {
    // somebody edited it
  }
  if (stored.locked) return nobodyExcluded; // never kept from here
  return { ...without(stored, (id) => !circles.includes(id)), exceptAccounts: stored.exceptAccounts.filter((handle) => handles.includes(handle)) };
}

/** One that is locked belongs to where it came from, not to the next time. */
export function rememberChoice(audience: Audience, where = key): void {
  if (kinds.some((kind) => kind === audience.kind)) localStorage.setItem(where, JSON.stringify(audience));
}

const rehearsalKey = (broadcast: string) => `weir.rehearsal.${broadcast}`;

/** Whom a rehearsal is for when it goes live. */
export function rememberRehearsal(broadcast: string, audience: Audience | null): void {
  if (audience) sessionStorage.setItem(rehearsalKey(broadcast), JSON.stringify(audience));
  else sessionStorage.removeItem(rehearsalKey(broadcast));
}

/** Null when it was not begun here. */
export function rehearsedFor(broadcast: string): Audience | null {
  try {
    return JSON.parse(sessionStorage.getItem(rehearsalKey(broadcast)) ?? 'null') as Audience | null;
  } catch {
    return null; // somebody edited it
  }
}
