import { call } from '../api/http';
import type * as T from './types';

const at = (id: string, rest = '') => `/api/conversations/${encodeURIComponent(id)}${rest}`;
const person = (handle: string) => encodeURIComponent(handle);

export interface Page { conversations: T.Entry[]; next: string | null }
export interface Sent { seq: number; id: string; clientId: string; sentAt: string }
export interface Sending {
  clientId: string;
  text?: string;
  replyTo?: string;
  mentions?: string[];
  pictures?: string[];
  file?: string;
  card?: T.Card;
}

export const list = (before?: string | null) => call<Page>('GET', `/api/conversations${before ? `?before=${encodeURIComponent(before)}` : ''}`);
export const create = (members: string[], name?: string) => call<{ id: string; asked: number }>('POST', '/api/conversations', { members, ...(name ? { name } : {}) });
export const details = (id: string) => call<T.Details>('GET', at(id));
export const messages = (id: string, where: { after: number } | { before: number }, limit: number) =>
  call<T.Message[]>('GET', at(id, `/messages?${'after' in where ? `after=${where.after}` : `before=${where.before}`}&limit=${limit}`));
export const send = (id: string, body: Sending) => call<Sent>('POST', at(id, '/messages'), body);
export const recall = (id: string, message: string) => call<void>('POST', at(id, `/messages/${encodeURIComponent(message)}/recall`), {});
export const read = (id: string, seq: number) => call<void>('PUT', at(id, '/read'), { seq });
export const turn = (id: string, what: 'mute' | 'pin', on: boolean) => call<void>(on ? 'PUT' : 'DELETE', at(id, `/${what}`));
export const rename = (id: string, name: string) => call<void>('PATCH', at(id), { name });
/** Gives something when they decide themselves. */
export const addMember = (id: string, handle: string) => call<{ asked: boolean } | undefined>('PUT', at(id, `/members/${person(handle)}`));
export const removeMember = (id: string, handle: string) => call<void>('DELETE', at(id, `/members/${person(handle)}`));
export const turnAdministrator = (id: string, handle: string, on: boolean) =>
  call<void>(on ? 'PUT' : 'DELETE', at(id, `/administrators/${person(handle)}`));
export const handOver = (id: string, handle: string) => call<void>('PUT', at(id, `/owner/${person(handle)}`));
export const leave = (id: string) => call<void>('POST', at(id, '/leave'), {});

export const links = (id: string) => call<T.GroupLink[]>('GET', at(id, '/links'));
export const makeLink = (id: string, days: number) => call<{ code: string; createdAt: string; expiresAt: string }>('POST', at(id, '/links'), { days });
export const revokeLink = (id: string, code: string) => call<void>('DELETE', at(id, `/links/${encodeURIComponent(code)}`));
export const linkedGroup = (code: string) => call<T.LinkedGroup>('GET', `/api/group-links/${encodeURIComponent(code)}`);
export const join = (code: string) => call<{ id: string }>('POST', `/api/group-links/${encodeURIComponent(code)}/join`, {});
export const invitations = () => call<T.Invitation[]>('GET', '/api/group-invitations');
export const accept = (id: string) => call<{ id: string }>('POST', `/api/group-invitations/${encodeURIComponent(id)}/accept`, {});
export const decline = (id: string) => call<void>('DELETE', `/api/group-invitations/${encodeURIComponent(id)}`);
