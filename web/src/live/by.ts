import type { Broadcast, Somebody } from '../api/types';

/** Who a broadcast is from, for everybody who sees it: the official account, or the person who is live. */
export const by = ({ official, host }: Pick<Broadcast, 'official' | 'host'>): Somebody & { name: string } => official ?? host;
