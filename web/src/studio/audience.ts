import type { Audience, AudienceKind } from '../api/types';

/** What somebody has chosen in the picker. Unlike an `Audience` it keeps the circles while another kind is looked at. */
export interface Choice { kind: AudienceKind; circles: string[]; exceptAccounts: string[]; exceptCircles: string[] }

export const kinds: AudienceKind[] = ['friends', 'circles', 'link', 'public', 'onlyMe'];
const key = 'weir.audience';

export const nobodyExcluded: Choice = { kind: 'friends', circles: [], exceptAccounts: [], exceptCircles: [] };

/** The wire form, or null while it names nobody (circles without one chosen). */
export function toAudience(choice: Choice): Audience | null {
  if (choice.kind === 'circles' && choice.circles.length === 0) return null;
  const audience: Audience = { kind: choice.kind };
  if (choice.kind === 'circles') audience.circles = choice.circles;
  if (choice.kind !== 'onlyMe' && (choice.exceptAccounts.length > 0 || choice.exceptCircles.length > 0)) {
    audience.except = { accounts: choice.exceptAccounts, circles: choice.exceptCircles };
  }
  return audience;
}

export function fromAudience(audience: Audience | null | undefined): Choice {
  if (!audience || !kinds.includes(audience.kind)) return nobodyExcluded;
  return {
    kind: audience.kind,
    circles: audience.circles ?? [],
    exceptAccounts: audience.except?.accounts ?? [],
    exceptCircles: audience.except?.circles ?? [],
  };
}

/** The last choice on this device, without circles and people that are gone. `where`: each kind of thing has its own. */
export function lastChoice(circles: string[], handles: string[], where = key): Choice {
  let stored: Choice = nobodyExcluded;
  try {
    stored = fromAudience(JSON.parse(localStorage.getItem(where) ?? 'null') as Audience | null);
  } catch {
    // somebody edited it
  }
  return {
    kind: stored.kind,
    circles: stored.circles.filter((id) => circles.includes(id)),
    exceptAccounts: stored.exceptAccounts.filter((handle) => handles.includes(handle)),
    exceptCircles: stored.exceptCircles.filter((id) => circles.includes(id)),
  };
}

export function rememberChoice(audience: Audience, where = key): void {
  localStorage.setItem(where, JSON.stringify(audience));
}
