import { call } from '../api/http';
import type { SignedIn } from '../api/types';
import type { CreationJson, RequestJson } from './webauthn';

export interface Passkey { id: string; name: string; createdAt: string; lastUsedAt: string | null; synced: boolean }

export const passkeys = () => call<Passkey[]>('GET', '/api/me/passkeys');
export const askToRegister = (password: string) => call<{ id: string; options: CreationJson }>('POST', '/api/me/passkeys/challenge', { password });
export const registered = (id: string, credential: unknown, name: string) => call<Passkey>('POST', '/api/me/passkeys', { id, credential, name });
export const rename = (id: string, name: string) => call<void>('PATCH', `/api/me/passkeys/${id}`, { name });
export const remove = (id: string) => call<void>('DELETE', `/api/me/passkeys/${id}`);
export const askToSignIn = () => call<{ id: string; options: RequestJson }>('POST', '/api/passkey-challenges', {});
export const signedInWith = (id: string, credential: unknown) => call<SignedIn>('POST', '/api/sessions/passkey', { id, credential });
