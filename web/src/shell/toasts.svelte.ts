export interface Toast { id: number; text: string; kind: 'info' | 'error'; action?: { label: string; run: () => void } }

const state = $state<{ list: Toast[] }>({ list: [] });
let next = 1;

export const toasts = (): Toast[] => state.list;

export function toast(text: string, options: { kind?: Toast['kind']; action?: Toast['action']; lasting?: boolean } = {}): void {
  const id = next++;
  // At most three at once: the oldest goes.
  state.list = [...state.list.slice(-2), { id, text, kind: options.kind ?? 'info', action: options.action }];
  if (!options.lasting) setTimeout(() => dismiss(id), options.action ? 8000 : 4500);
}

export function dismiss(id: number): void {
  state.list = state.list.filter((one) => one.id !== id);
}
