const key = 'weir.positions';
const most = 30;

type Stored = Record<string, number>;

/** Where somebody left a replay, in seconds; the last thirty are kept, on this device alone. */
export function recall(id: string): number | null {
  return read()[id] ?? null;
}

export function remember(id: string, seconds: number): void {
  const { [id]: _, ...others } = read();
  const entries = Object.entries(others).slice(-(most - 1));
  localStorage.setItem(key, JSON.stringify(Object.fromEntries([...entries, [id, Math.floor(seconds)]])));
}

export function forget(id: string): void {
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
