/** What waits behind a tab of the navigation: how many, for the number on it. Who knows sets it (the chats their unread messages). */
const state = $state<{ counts: Partial<Record<string, number>> }>({ counts: {} });

export const badge = (tab: string): number => state.counts[tab] ?? 0;

export function setBadge(tab: string, count: number): void {
  if (badge(tab) !== count) state.counts[tab] = count;
}
