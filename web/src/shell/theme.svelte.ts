export type Theme = 'auto' | 'light' | 'dark';

const stored = 'weir.theme';
const state = $state<{ theme: Theme }>({ theme: 'auto' });

export const theme = (): Theme => state.theme;

export function setTheme(theme: Theme): void {
  state.theme = theme;
  localStorage.setItem(stored, theme);
  apply();
}

export function startTheme(): void {
  const chosen = localStorage.getItem(stored);
  if (chosen === 'light' || chosen === 'dark') state.theme = chosen;
  apply();
}

function apply(): void {
  if (state.theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = state.theme;
}
