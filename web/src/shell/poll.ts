import { untrack } from 'svelte';

/**
 * Calls `task` now and again every `everyMs` while the page is visible; after failures waits longer, up to 30 s.
 * Gives a function that ends it. A hidden page asks nothing and asks at once when it is seen again.
 * An effect that calls this does not depend on what the task reads: it would run again, and ask, with each answer.
 */
export function poll(task: () => Promise<boolean>, everyMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let running = false;
  let over = false;

  const run = async () => {
    clearTimeout(timer);
    if (running || over || document.hidden) return;
    running = true;
    failures = (await untrack(task)) ? 0 : failures + 1;
    running = false;
    if (!over) timer = setTimeout(() => void run(), Math.min(everyMs * 2 ** failures, 30_000));
  };
  const again = () => {
    failures = 0;
    void run();
  };
  document.addEventListener('visibilitychange', again);
  addEventListener('online', again);
  void run();
  return () => {
    over = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', again);
    removeEventListener('online', again);
  };
}
