import type { Uploaded } from '../api/types';
import { device } from '../chats/shelf';

/** What was begun and not posted, on this device. */
export interface MomentDraft { text: string; pictures: Uploaded[] }

const keyOf = (account: string) => `weir.draft-moment.${account}`;

export function momentDraft(account: string): MomentDraft {
  try {
    const kept = JSON.parse(device.get(keyOf(account)) ?? 'null') as MomentDraft | null;
    if (kept) return { text: String(kept.text ?? ''), pictures: Array.isArray(kept.pictures) ? kept.pictures : [] };
  } catch {
    // somebody edited it
  }
  return { text: '', pictures: [] };
}

export function keepMomentDraft(account: string, draft: MomentDraft): void {
  if (draft.text.trim() === '' && draft.pictures.length === 0) device.remove(keyOf(account));
  else device.set(keyOf(account), JSON.stringify(draft));
}
