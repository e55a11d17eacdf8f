/** The one broadcast that plays inside another page: a second one takes its place. */
const state = $state<{ id: string | null }>({ id: null });

export const playingInPlace = (): string | null => state.id;

export function playInPlace(id: string | null): void {
  state.id = id;
}
