import { call } from '../api/http';
import type { Answer, Kind } from './types';

export interface Asked { q: string; conversation: string | null; kind?: Kind; before?: string }

export function find({ q, conversation, kind, before }: Asked): Promise<Answer> {
  const query = new URLSearchParams({ q });
  if (kind) query.set('kinds', kind);
  if (conversation) query.set('conversation', conversation);
  if (before) query.set('before', before);
  return call<Answer>('GET', `/api/search?${query}`);
}
