import { call } from '../api/http';
import type { Notice, Settings } from './types';

export const list = (before?: string) => call<{ items: Notice[]; next: string | null }>('GET', `/api/notifications${before ? `?before=${encodeURIComponent(before)}` : ''}`);
export const unread = () => call<{ count: number }>('GET', '/api/notifications/unread');
export const read = (upTo: string) => call<void>('PUT', '/api/notifications/read', { upTo });
export const settings = () => call<Settings>('GET', '/api/notifications/settings');
export const setSettings = (body: Settings) => call<Settings>('PUT', '/api/notifications/settings', body);

export const pushKey = () => call<{ key: string }>('GET', '/api/push/key');
export const subscribe = (body: { endpoint: string; keys: { p256dh: string; auth: string }; language: string }) => call<void>('PUT', '/api/push/subscription', body);
export const unsubscribe = () => call<void>('DELETE', '/api/push/subscription');
