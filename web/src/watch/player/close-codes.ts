/** What a closed watch socket means for the player (docs/protocol.md, "Other close codes"). */
export type Closing = 'cut' | 'ended' | 'refused' | 'tooSlow' | 'tooMany' | 'again';

export function closing(code: number, wasOpen: boolean): Closing {
  switch (code) {
    case 4403: return 'cut';
    case 4410: return 'ended';
    case 4404: return 'refused';
    case 4408: return 'tooSlow';
    case 4429: return 'tooMany';
    // Before the upgrade a refusal is an HTTP 404, which a browser shows as 1006 like any failed connection:
    // only a new ticket can tell the two apart.
    default: return wasOpen ? 'again' : 'refused';
  }
}
