import { beforeEach, describe, expect, it, vi } from 'vitest';

describe('the quickest way', () => {
  beforeEach(() => {
    const kept = new Map<string, string>();
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    });
    vi.resetModules();
  });

  it('is the host’s wish until the viewer chooses', async () => {
    const { wantsConversation } = await import('./conversation.svelte');
    expect(wantsConversation(true)).toBe(true);
    expect(wantsConversation(false)).toBe(false);
  });

  it('is the viewer’s choice afterwards, also on the next page', async () => {
    const first = await import('./conversation.svelte');
    first.wantConversation(false, true);
    expect(first.wantsConversation(true)).toBe(false);
    vi.resetModules();
    const next = await import('./conversation.svelte');
    expect(next.wantsConversation(true)).toBe(false);
  });

  it('follows hosts again when the choice is taken back', async () => {
    const { wantConversation, wantsConversation } = await import('./conversation.svelte');
    wantConversation(true, false);
    wantConversation(false, false);
    expect(wantsConversation(true)).toBe(true);
  });
});
