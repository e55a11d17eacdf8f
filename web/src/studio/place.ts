import * as official from '../accounts/calls';
import type { Audience } from '../api/types';
import * as chats from '../chats/calls';
import { titleOf } from '../chats/words';
import { me } from '../shell/session.svelte';

/** What the chat or the official account of an audience is called; null for any other, and when it is not mine. */
export async function placeName({ kind, conversation, officialAccount }: Audience): Promise<string | null> {
  if (kind === 'conversation' && conversation) {
    const { members, ...chat } = await chats.details(conversation);
    return titleOf({ ...chat, people: members.filter((member) => member.id !== me()?.id).slice(0, 3), memberCount: members.length });
  }
  if (kind === 'followers' && officialAccount) return (await official.mine()).accounts.find((account) => account.id === officialAccount)?.name ?? null;
  return null;
}
