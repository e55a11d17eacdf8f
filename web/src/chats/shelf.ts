import type { Shelf } from './outbox.svelte';

/** What this device keeps in small: drafts and messages on their way. Written at once, unlike a database, so that not even a crash right after a key press loses it. */
export const device: Shelf = {
  keys: () => Object.keys(localStorage),
  get: (key) => localStorage.getItem(key),
  set: (key, value) => {
    try {
      localStorage.setItem(key, value);
    } catch {
      // Full or forbidden: what is written is then only as safe as the page.
    }
  },
  remove: (key) => localStorage.removeItem(key),
};

/** Waits, unless woken. */
export function rest(ms: number, wake: (again: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
