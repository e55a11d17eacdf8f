import * as api from '../api/calls';
import { Problem } from '../api/http';
import type { Person } from '../api/types';
import type { Events } from '../realtime/events';
import { on, whenConnected } from '../realtime/realtime';

export interface Watchers { count: number; people: Person[] }
type Change = Events['watching'];

/** How many the host sees by name. */
const most = 1000;
/** So long the first look waits for the connection that brings the rest. */
const patienceMs = 5000;

/** My friends who watch too, for the host everybody: asked for once, and again after each new connection; who comes and goes meanwhile is said by itself. */
export class ViewersReader {
  #known: Watchers = { count: 0, people: [] };
  #ends: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What was said while the answer was on its way: it may be older. */
  #meanwhile: Change[] | null = null;
  #again = false;
  #begun = false;
  #over = false;

  constructor(
    private readonly id: string,
    private readonly shown: (watchers: Watchers) => void,
  ) {}

  /** Whatever calls it, it begins once. */
  begin(): void {
    if (this.#begun || this.#over) return;
    this.#begun = true;
    this.#timer = setTimeout(() => void this.#look(), patienceMs);
    this.#ends = [on('watching', (change) => this.#hear(change)), whenConnected(() => void this.#look())];
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    for (const end of this.#ends) end();
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#meanwhile) {
      this.#again = true;
      return;
    }
    this.#meanwhile = [];
    try {
      const { count, people } = await api.viewers(this.id);
      this.#known = { count, people };
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason; // those who come are said all the same
    } finally {
      for (const change of this.#meanwhile) this.#take(change);
      this.#meanwhile = null;
    }
    if (this.#over) return;
    this.shown(this.#known);
    if (!this.#again) return;
    this.#again = false;
    await this.#look();
  }

  #hear(change: Change): void {
    if (change.broadcast !== this.id) return;
    if (this.#meanwhile) {
      this.#meanwhile.push(change);
      return;
    }
    this.#take(change);
    this.shown(this.#known);
  }

  #take({ came, gone, count }: Change): void {
    const people = new Map(this.#known.people.map((person) => [person.id, person]));
    for (const person of came) people.set(person.id, person);
    for (const person of gone) people.delete(person);
    const sorted = [...people.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#known = { count: count ?? this.#known.count, people: sorted.slice(0, most) };
  }
}
