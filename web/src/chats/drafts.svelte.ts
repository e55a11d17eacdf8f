import type { Shelf } from './outbox.svelte';
import type { Quotation } from './types';

export interface Draft { text: string; replyTo: Quotation | null }

/** What was typed and not sent, one for each conversation, on this device. */
export class Drafts {
  #all = $state<Record<string, Draft>>({});
  readonly #prefix: string;

  constructor(account: string, private readonly shelf: Shelf) {
    this.#prefix = `weir.draft.${account}.`;
    this.changedElsewhere();
  }

  of(conversation: string): Draft | undefined {
    return this.#all[conversation];
  }

  keep(conversation: string, draft: Draft): void {
    if (draft.text.trim() === '' && !draft.replyTo) {
      delete this.#all[conversation];
      this.shelf.remove(this.#prefix + conversation);
      return;
    }
    this.#all[conversation] = draft;
    this.shelf.set(this.#prefix + conversation, JSON.stringify(draft));
  }

  changedElsewhere(): void {
    const found: Record<string, Draft> = {};
    for (const key of this.shelf.keys()) {
      if (!key.startsWith(this.#prefix)) continue;
      try {
        found[key.slice(this.#prefix.length)] = JSON.parse(this.shelf.get(key) ?? '') as Draft;
      } catch {
        this.shelf.remove(key);
      }
    }
    this.#all = found;
  }
}
