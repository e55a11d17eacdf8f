const key = 'weir.conversation';
const state = $state({ chosen: localStorage.getItem(key) });

/**
 * Whether the picture is to come the quickest way (WebRTC): as the host asks, unless this viewer once chose otherwise. Kept on the device.
 * @param asked the host asks for it.
 */
export const wantsConversation = (asked: boolean): boolean => (state.chosen === null ? asked : state.chosen === '1');

/** A choice that is the host's wish is none: the next host's wish counts again. */
export function wantConversation(wanted: boolean, asked: boolean): void {
  state.chosen = wanted === asked ? null : wanted ? '1' : '0';
  if (state.chosen === null) localStorage.removeItem(key);
  else localStorage.setItem(key, state.chosen);
}
