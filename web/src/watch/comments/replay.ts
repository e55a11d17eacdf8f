import type { Ticket } from '../../api/types';
import type { CommentEvent } from '../player/messages';
import type { Comments } from './comments.svelte';
import { CommentTimeline } from './timeline';

interface Page { events: CommentEvent[]; next: number | null }

const shown = 200;
const maxPages = 200;

/** Gives the comments of a replay to the list at the moments they were said. */
export class ReplayComments {
  readonly #timeline = new CommentTimeline<CommentEvent>();
  #at = 0;

  constructor(
    private readonly ticket: Ticket,
    private readonly comments: Comments,
  ) {}

  /** All pages, oldest first; playing begins without waiting for them. */
  async load(): Promise<void> {
    let from: number | null = 0;
    for (let page = 0; page < maxPages && from !== null; page++) {
      const at: URL = this.#address(from);
      let answer: Page;
      try {
        const response = await fetch(at, { credentials: 'omit', signal: AbortSignal.timeout(20_000) });
        if (!response.ok) return;
        answer = await response.json();
      } catch {
        return; // the replay goes on without the comments that are missing
      }
      this.#timeline.add(answer.events.filter((event) => event.type === 'comment'));
      this.#jump();
      from = answer.next;
    }
  }

  /** The playhead is here now: small steps say what was said, anything else shows the list of that moment. */
  moved(atMs: number): void {
    const step = atMs - this.#at;
    if (step === 0) return;
    if (step < 0 || step > 5000) {
      this.#at = atMs;
      this.#jump();
      return;
    }
    this.comments.say(this.#timeline.between(this.#at, atMs));
    this.#at = atMs;
  }

  remove(id: string): void {
    this.#timeline.remove(id);
  }

  #jump(): void {
    this.comments.show(this.#timeline.until(this.#at, shown));
  }

  #address(from: number): URL {
    const at = new URL(this.ticket.watch.replay);
    at.pathname = at.pathname.replace(/\/replay\.m3u8$/, '/events');
    at.searchParams.set('from', String(from));
    return at;
  }
}
