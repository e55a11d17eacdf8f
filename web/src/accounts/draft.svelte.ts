import { Problem } from '../api/http';
import { words } from '../shell/problems';
import * as api from './calls';
import type { Draft, Published } from './types';

const pauseMs = 1200;

export type SaveState = 'saved' | 'changed' | 'saving' | 'failed' | 'conflict';

/** One article while somebody writes: saves by itself shortly after the last change, one save at a time, and never over another editor's work. */
export class Writing {
  title = $state('');
  summary = $state('');
  cover = $state<string | null>(null);
  state = $state<SaveState>('saved');
  problem = $state('');
  draft = $state.raw<Draft>(null!);
  /** What another editor saved meanwhile. */
  theirs = $state.raw<Draft | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<boolean> | null = null;
  readonly #markdown: () => string;

  constructor(draft: Draft, markdown: () => string) {
    this.#markdown = markdown;
    this.#take(draft);
  }

  get unsaved(): boolean {
    return this.state !== 'saved';
  }

  changed(): void {
    if (this.state === 'conflict') return;
    if (this.state !== 'saving') this.state = 'changed';
    this.#again = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), pauseMs);
  }
  #again = false;

  /** True when what is on the page is on the server. */
  async save(): Promise<boolean> {
    clearTimeout(this.#timer);
    if (this.state === 'conflict') return false;
    if (this.#running) {
      await this.#running;
      return this.#again ? this.save() : this.state === 'saved';
    }
    if (this.state === 'saved' && !this.#again) return true;
    this.#running = this.#save();
    try {
      return await this.#running;
    } finally {
      this.#running = null;
    }
  }

  async publish(): Promise<Published | null> {
    if (!(await this.save())) return null;
    try {
      const published = await api.publish(this.draft.id, this.draft.version);
      this.draft = { ...this.draft, isPublished: true, publishedVersion: this.draft.version, url: published.url };
      this.problem = '';
      return published;
    } catch (reason) {
      await this.#failed(reason, this.state);
      return null;
    }
  }

  /** After a conflict: what is on this page replaces what the other editor saved. */
  async keepMine(): Promise<void> {
    if (!this.theirs) return;
    this.draft = { ...this.draft, version: this.theirs.version };
    this.theirs = null;
    this.state = 'changed';
    this.#again = true;
    await this.save();
  }

  /** After a conflict: what the other editor saved replaces what is on this page. Gives its text. */
  takeTheirs(): string {
    const theirs = this.theirs!;
    this.theirs = null;
    this.#take(theirs);
    return theirs.markdown;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #take(draft: Draft): void {
    this.draft = draft;
    this.title = draft.title;
    this.summary = draft.summary;
    this.cover = draft.cover;
    this.state = 'saved';
    this.#again = false;
    this.problem = '';
  }

  async #save(): Promise<boolean> {
    this.#again = false;
    this.state = 'saving';
    try {
      const body = { version: this.draft.version, title: this.title.trim(), summary: this.summary.trim(), markdown: this.#markdown(), cover: this.cover };
      const saved = await api.save(this.draft.id, body);
      this.draft = { ...this.draft, ...saved };
      this.problem = '';
      // Something was written while it was on its way: `changed` has set the timer.
      this.state = this.#again ? 'changed' : 'saved';
      return !this.#again;
    } catch (reason) {
      this.#again = true;
      await this.#failed(reason, 'failed');
      return false;
    }
  }

  async #failed(reason: unknown, state: SaveState): Promise<void> {
    this.problem = words(reason);
    this.state = state;
    if (!(reason instanceof Problem) || reason.code !== 'changed-since') return;
    this.theirs = await api.draft(this.draft.id).catch(() => null);
    this.state = this.theirs ? 'conflict' : 'failed';
  }
}
