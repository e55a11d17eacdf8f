import { call } from '../api/http';
import type { Audience } from '../api/types';
import type * as T from './types';

const id = encodeURIComponent;
const at = (moment: string, rest = '') => `/api/moments/${id(moment)}${rest}`;
/** How many a page of the feed has; fewer say that it is the end. */
export const pageSize = 20;
/** With its time: it may have been deleted or hidden since. */
export type Before = Pick<T.Moment, 'id' | 'createdAt'>;
const page = (before?: Before) => `?limit=${pageSize}${before ? `&before=${id(before.id)}&at=${id(before.createdAt)}` : ''}`;

export interface Posting { clientId: string; text: string; audience: Audience; pictures?: string[]; card?: T.MomentCard }

export const feed = (before?: Before) => call<T.Moment[]>('GET', `/api/moments${page(before)}`);
export const ofPerson = (handle: string, before?: Before) => call<T.Moment[]>('GET', `/api/people/${id(handle)}/moments${page(before)}`);
export const one = (moment: string) => call<T.Moment>('GET', at(moment));
export const post = (body: Posting) => call<{ id: string }>('POST', '/api/moments', body);
export const changeAudience = (moment: string, audience: Audience, widen?: true) => call<T.Moment>('PATCH', at(moment), { audience, widen });
export const remove = (moment: string) => call<void>('DELETE', at(moment));
export const like = (moment: string, wanted: boolean) => call<void>(wanted ? 'PUT' : 'DELETE', at(moment, '/like'));
export const comment = (moment: string, body: { clientId: string; text: string; replyTo?: string }) => call<{ id: string }>('POST', at(moment, '/comments'), body);
export const removeComment = (moment: string, comment: string) => call<void>('DELETE', at(moment, `/comments/${id(comment)}`));

export const historyWindow = () => call<{ window: T.HistoryWindow }>('GET', '/api/me/moments');
export const setHistoryWindow = (window: T.HistoryWindow, widen?: true) => call<{ window: T.HistoryWindow }>('PATCH', '/api/me/moments', { window, widen });
export const hiding = () => call<T.Hiding>('GET', '/api/moment-hiding');
export const hideMineFrom = (handle: string, wanted: boolean) => call<void>(wanted ? 'PUT' : 'DELETE', `/api/moment-hiding/mine-from/${id(handle)}`);
export const hideTheirs = (handle: string, wanted: boolean) => call<void>(wanted ? 'PUT' : 'DELETE', `/api/moment-hiding/theirs/${id(handle)}`);
