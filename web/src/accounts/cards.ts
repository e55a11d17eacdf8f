import { call } from '../api/http';
import type { Article } from './types';

export type { Article } from './types';

/** What stands on a card that leads to an article. */
export const article = async (id: string): Promise<Article> => (await call<{ card: Article }>('GET', `/api/articles/${encodeURIComponent(id)}`)).card;
