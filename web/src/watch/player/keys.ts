import { toggleDanmaku } from '../danmaku/preference.svelte';
import type { Room } from '../room.svelte';

/** The player's keys, for the whole page but not while somebody writes or uses another control. Gives a function that ends it. */
export function startKeys(room: Room, on: { toggleHelp(): void; wake(): void }): () => void {
  const { playback } = room;
  const actions: Record<string, () => void> = {
    k: () => room.toggle(),
    ' ': () => room.toggle(),
    m: () => playback.setMuted(!playback.muted),
    f: () => void playback.toggleFullscreen(),
    i: () => void playback.togglePip(),
    c: () => toggleDanmaku(),
    l: () => { if (room.phase === 'live') room.toLive(); },
    ArrowUp: () => playback.setVolume(playback.volume + 0.1),
    ArrowDown: () => playback.setVolume(playback.volume - 0.1),
    ArrowLeft: () => room.seekBy(-10),
    ArrowRight: () => room.seekBy(10),
    '?': () => on.toggleHelp(),
  };

  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target as HTMLElement;
    if (target.closest('input, textarea, select, dialog, [contenteditable]')) return;
    const scrolls = event.key === ' ' || event.key.startsWith('Arrow');
    // A focused button or link keeps its own space bar; arrows move the page unless the player has the focus.
    if (event.key === ' ' && target.closest('button, a, summary')) return;
    if (event.key.startsWith('Arrow') && !playback.frame?.contains(target) && target !== document.body) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action || (room.phase !== 'live' && room.phase !== 'replay')) return;
    if (scrolls) event.preventDefault();
    action();
    on.wake();
  };
  addEventListener('keydown', press);
  return () => removeEventListener('keydown', press);
}
