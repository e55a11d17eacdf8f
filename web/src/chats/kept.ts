import type { Moment } from '../moments/types';
import type { Details, Entry, Message } from './types';

// What this device keeps of conversations, to show it at once and without a network: the list and the newest messages of those that were open; and the newest moments. For one account at a
// time; it is gone when that account signs out or its session ends.

const name = 'weir';
const mostThreads = 30;
const mostMessages = 60;
const mostMoments = 20;

export interface KeptThread { id: string; details: Details; messages: Message[]; at: number }
interface KeptList { account: string; entries: Entry[] }
interface KeptMoments { account: string; moments: Moment[] }

let opening: Promise<IDBDatabase | null> | null = null;

function database(): Promise<IDBDatabase | null> {
  opening ??= new Promise((resolve) => {
    let request: IDBOpenDBRequest;
    try {
      request = indexedDB.open(name, 1);
    } catch {
      return resolve(null); // a private window: nothing is kept
    }
    request.onupgradeneeded = () => {
      request.result.createObjectStore('list');
      request.result.createObjectStore('threads', { keyPath: 'id' });
    };
    request.onsuccess = () => {
      const opened = request.result;
      // Another tab clears everything: let it.
      opened.onversionchange = () => {
        opened.close();
        opening = null;
      };
      resolve(opened);
    };
    request.onerror = () => resolve(null);
    request.onblocked = () => resolve(null);
  });
  return opening;
}

async function run<T>(store: 'list' | 'threads', mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T> | void): Promise<T | undefined> {
  const opened = await database();
  if (!opened) return undefined;
  return new Promise((resolve) => {
    try {
      const transaction = opened.transaction(store, mode);
      const request = work(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onerror = transaction.onabort = () => resolve(undefined);
    } catch {
      resolve(undefined); // closed under us; what is kept is a copy
    }
  });
}

export async function keptList(account: string): Promise<Entry[] | null> {
  const kept = await run<KeptList | undefined>('list', 'readonly', (store) => store.get('list'));
  return kept?.account === account ? kept.entries : null;
}

export async function keepList(account: string, entries: readonly Entry[]): Promise<void> {
  await run('list', 'readwrite', (store) => void store.put({ account, entries: entries.slice(0, 100) } satisfies KeptList, 'list'));
}

export async function keptMoments(account: string): Promise<Moment[] | null> {
  const kept = await run<KeptMoments | undefined>('list', 'readonly', (store) => store.get('moments'));
  return kept?.account === account ? kept.moments : null;
}

export async function keepMoments(account: string, moments: readonly Moment[]): Promise<void> {
  await run('list', 'readwrite', (store) => void store.put({ account, moments: moments.slice(0, mostMoments) } satisfies KeptMoments, 'moments'));
}

export const keptThread = async (id: string): Promise<KeptThread | undefined> => run<KeptThread | undefined>('threads', 'readonly', (store) => store.get(id));

export async function keepThread(id: string, details: Details, messages: readonly Message[]): Promise<void> {
  const kept: KeptThread = { id, details, messages: messages.slice(-mostMessages), at: Date.now() };
  await run('threads', 'readwrite', (store) => {
    store.put(kept);
    const all = store.getAll() as IDBRequest<KeptThread[]>;
    all.onsuccess = () => {
      for (const old of all.result.sort((one, other) => other.at - one.at).slice(mostThreads)) store.delete(old.id);
    };
  });
}

export const forgetThread = async (id: string): Promise<void> => void (await run('threads', 'readwrite', (store) => void store.delete(id)));

/** How this device looks, sounds and sends. Everything else that is stored here belongs to whoever is signed in. */
const ofTheDevice: ReadonlySet<string> = new Set(
  ['language', 'theme', 'volume', 'muted', 'danmaku', 'camera', 'microphone', 'conversation', 'conversational', 'way'].map((name) => `weir.${name}`),
);

/** Nothing of any account stays: the copies, what was typed, what was on its way, whom it was for, where a replay was left. */
export async function forgetEverything(): Promise<void> {
  for (const key of Object.keys(localStorage)) if (key.startsWith('weir.') && !ofTheDevice.has(key)) localStorage.removeItem(key);
  const opened = await database();
  opened?.close();
  opening = null;
  await new Promise<void>((resolve) => {
    try {
      const request = indexedDB.deleteDatabase(name);
      request.onsuccess = request.onerror = request.onblocked = () => resolve();
    } catch {
      resolve();
    }
  });
}
