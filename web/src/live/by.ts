import type { Broadcast, Somebody } from '../api/types';

/** Who a broadcast is from, for everybody who sees it: the official account, or the person who is live. */
export const by = ({ officialAccount, host }: Pick<Broadcast, 'officialAccount' | 'host'>): Somebody & { name: string } => officialAccount ?? host;
