const key = 'weir.positions';
const most = 30;

type Stored = Record<string, number>;

/** Where somebody left a replay, in seconds; the last thirty are kept, on this device alone. */
export function recall(id: string): number | null {
  return read()[id] ?? null;
}

/** Remembers a place in the middle; near either end there is nothing to go on with. */
export function keep(id: string, { position, duration }: { position: number; duration: number }): void {
  if (position < 5 || duration - position < 5) forget(id);
  else remember(id, position);
}

function remember(id: string, seconds: number): void {
  const { [id]: _, ...others } = read();
  const entries = Object.entries(others).slice(-(most - 1));
  localStorage.setItem(key, JSON.stringify(Object.fromEntries([...entries, [id, Math.floor(seconds)]])));
}

function forget(id: string): void {
  const { [id]: before, ...others } = read();
  if (before !== undefined) localStorage.setItem(key, JSON.stringify(others));
}

function read(): Stored {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
    return value !== null && typeof value === 'object' ? (value as Stored) : {};
  } catch {
    return {}; // somebody edited it
  }
}
