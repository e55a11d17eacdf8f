import * as api from '../api/calls';
import type { Circle, Friend, FriendRequests, Invitation, Somebody } from '../api/types';
import { setRequestCount } from '../shell/requests.svelte';

/** Everything the people page shows, read together and read again after each change. */
export class People {
  friends = $state.raw<Friend[]>([]);
  requests = $state.raw<FriendRequests>({ incoming: [], outgoing: [] });
  circles = $state.raw<Circle[]>([]);
  blocks = $state.raw<Somebody[]>([]);
  invitations = $state.raw<Invitation[]>([]);
  loaded = $state(false);

  async load(): Promise<void> {
    [this.friends, this.requests, this.circles, this.blocks, this.invitations] = await Promise.all([
      api.friends(), api.friendRequests(), api.circles(), api.blocks(), api.invitations(),
    ]);
    this.loaded = true;
    setRequestCount(this.requests.incoming.length);
  }

  /** Does something and shows the new state of all lists, whether it went well or not. */
  async change(action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } finally {
      await this.load();
    }
  }
}
