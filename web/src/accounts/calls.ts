import { call, Problem } from '../api/http';
import type { Person } from '../api/types';
import type * as T from './types';

const id = encodeURIComponent;
const at = (handle: string) => `/api/official/${id(handle)}`;

export const mine = () => call<{ mayOpen: boolean; accounts: T.Official[] }>('GET', '/api/official/my-accounts');
export const find = (query: string) => call<T.Official[]>('GET', `/api/official?q=${id(query)}`);
export const official = (handle: string) => call<T.Official>('GET', at(handle));
export const open = (body: { handle: string; name: string; description: string; kind: T.OfficialKind; open: boolean }) =>
  call<{ id: string; handle: string }>('POST', '/api/official', body);
export const change = (handle: string, body: T.OfficialChange) => call<T.Official>('PATCH', at(handle), body);
export const close = (handle: string) => call<void>('DELETE', at(handle));
export const follow = (handle: string, on: boolean) => call<void>(on ? 'PUT' : 'DELETE', `${at(handle)}/follow`);
export const mute = (handle: string, on: boolean) => call<void>(on ? 'PUT' : 'DELETE', `${at(handle)}/mute`);
export const seen = (handle: string, until: string) => call<void>('PUT', `${at(handle)}/seen`, { until });
export const inbox = () => call<T.Inbox>('GET', '/api/articles/inbox');

export const followers = (handle: string, after = '') => call<T.FollowerPage>('GET', `${at(handle)}/followers?after=${id(after)}`);
export const removeFollower = (handle: string, person: string) => call<void>('DELETE', `${at(handle)}/followers/${id(person)}`);
export const removed = (handle: string) => call<Person[]>('GET', `${at(handle)}/removed`);
export const takeBack = (handle: string, person: string) => call<void>('DELETE', `${at(handle)}/removed/${id(person)}`);
export const editors = (handle: string) => call<T.Editor[]>('GET', `${at(handle)}/editors`);
export const inviteEditor = (handle: string, person: string) => call<void>('PUT', `${at(handle)}/editors/${id(person)}`);
export const removeEditor = (handle: string, person: string) => call<void>('DELETE', `${at(handle)}/editors/${id(person)}`);
export const makeOwner = (handle: string, person: string) => call<void>('PUT', `${at(handle)}/owner/${id(person)}`);
export const accept = (handle: string) => call<void>('POST', `${at(handle)}/invitation/accept`, {});
export const decline = (handle: string) => call<void>('DELETE', `${at(handle)}/invitation`);

export const articles = (handle: string, before?: string) =>
  call<T.Article[]>('GET', `${at(handle)}/articles${before ? `?before=${id(before)}` : ''}`);
export const work = (handle: string) => call<T.Work[]>('GET', `${at(handle)}/work?limit=100`);
export const begin = (handle: string) => call<{ id: string; version: number }>('POST', `${at(handle)}/articles`, {});
export const sending = (handle: string) => call<T.Allowance>('GET', `${at(handle)}/sending`);
export const send = (handle: string, chosen: string[]) => call<{ id: string }>('POST', `${at(handle)}/sends`, { articles: chosen });

export const article = (articleId: string) => call<{ card: T.Article; html: string }>('GET', `/api/articles/${id(articleId)}`);
export const draft = (articleId: string) => call<T.Draft>('GET', `/api/articles/${id(articleId)}/draft`);
export const save = (articleId: string, body: T.DraftBody) =>
  call<{ version: number; savedAt: string }>('PUT', `/api/articles/${id(articleId)}/draft`, body);
export const preview = (markdown: string) => call<{ html: string }>('POST', '/api/articles/preview', { markdown });
export const publish = (articleId: string, version: number) => call<T.Published>('POST', `/api/articles/${id(articleId)}/publish`, { version });
export const unpublish = (articleId: string) => call<void>('POST', `/api/articles/${id(articleId)}/unpublish`, {});
export const remove = (articleId: string) => call<void>('DELETE', `/api/articles/${id(articleId)}`);
export const numbers = (articleId: string) => call<T.Numbers>('GET', `/api/articles/${id(articleId)}/numbers`);

export const openingSettings = () => call<T.OpeningSettings>('GET', '/api/admin/official');
export const setOpening = (body: { mode?: T.OpeningSettings['mode']; handles?: string[] }) => call<T.OpeningSettings>('PUT', '/api/admin/official', body);
export const allOfficial = (query: string) => call<T.AdminOfficial[]>('GET', `/api/admin/official/accounts?q=${id(query)}`);
export const setClosed = (handle: string, closed: boolean) =>
  call<void>(closed ? 'PUT' : 'DELETE', `/api/admin/official/accounts/${id(handle)}/closing`);

/** Sends a picture's bytes; gives the id of the file. */
export async function upload(file: Blob, name: string, as: 'picture' | 'avatar'): Promise<string> {
  let response: Response;
  try {
    response = await fetch(`/api/files?as=${as}&name=${id(name)}`, {
      method: 'POST',
      headers: { 'X-Weir': '1', Accept: 'application/json', 'Content-Type': 'application/octet-stream' },
      body: file,
      credentials: 'same-origin',
    });
  } catch {
    throw new Problem(0, 'offline');
  }
  const body = (await response.json().catch(() => ({}))) as { id?: string; code?: string; codes?: Record<string, string[]>; errors?: Record<string, string[]> };
  if (!response.ok || !body.id) throw new Problem(response.status, body.code ?? 'unexpected', body.codes ?? {}, body.errors ?? {});
  return body.id;
}
