import type { Sending } from './camera/sending.svelte';

/** What this page's camera sends, for the bar on every page; the camera's own code loads only where it is used. */
class OnAir {
  sending = $state.raw<Sending | null>(null);

  get broadcast(): string | null {
    return this.sending?.broadcast ?? null;
  }

  /** Nothing of it gets through now. */
  get lost(): boolean {
    return this.sending?.state === 'reconnecting' || this.sending?.state === 'replaced';
  }
}

export const onAir = new OnAir();
