const key = 'weir.danmaku';
const stored = localStorage.getItem(key);
// Moving text is off for those who asked their system for less motion, until they switch it on here.
const state = $state({ on: stored === null ? !matchMedia('(prefers-reduced-motion: reduce)').matches : stored === '1' });

export const danmakuOn = (): boolean => state.on;

export function toggleDanmaku(): void {
  state.on = !state.on;
  localStorage.setItem(key, state.on ? '1' : '0');
}
