const state = $state({ connected: false });

/** Whether this tab hears from the server at the moment. */
export const connected = (): boolean => state.connected;

export function setConnected(connected: boolean): void {
  state.connected = connected;
}
