import { call } from './http';
import type * as T from './types';

const id = encodeURIComponent;

export const server = () => call<T.Server>('GET', '/api/server');

export const setup = (body: { code: string; handle: string; name: string; password: string }) =>
  call<T.SignedIn>('POST', '/api/setup', body);
export const createAccount = (body: { invitation: string; handle: string; name: string; password: string }) =>
  call<T.SignedIn>('POST', '/api/accounts', body);
export const signIn = (handle: string, password: string) => call<T.SignedIn>('POST', '/api/sessions', { handle, password });
export const demoSignIn = (handle: string) => call<T.SignedIn>('POST', '/api/demo/sessions', { handle });
export const sessions = () => call<T.Session[]>('GET', '/api/sessions');
export const endSession = (session: string) => call<void>('DELETE', `/api/sessions/${id(session)}`);

export const me = () => call<T.Me>('GET', '/api/me');
export const changeMe = (change: { name?: string; about?: string }) => call<T.Me>('PATCH', '/api/me', change);
export const setAvatar = (file: string) => call<T.Me>('PUT', '/api/me/avatar', { file });
export const removeAvatar = () => call<void>('DELETE', '/api/me/avatar');
export const changePassword = (current: string, next: string) => call<void>('POST', '/api/me/password', { current, new: next });
export const deleteMe = (password: string) => call<void>('DELETE', '/api/me', { password });

export const invite = () => call<{ code: string }>('POST', '/api/invitations', { befriend: true });
export const invitations = () => call<T.Invitation[]>('GET', '/api/invitations');
export const withdrawInvitation = (code: string) => call<void>('DELETE', `/api/invitations/${id(code)}`);
export const invitation = (code: string) =>
  call<{ from: { name: string }; expiresAt: string; befriends: boolean }>('GET', `/api/invitations/${id(code)}`);

export const friends = () => call<T.Friend[]>('GET', '/api/friends');
export const unfriend = (handle: string) => call<void>('DELETE', `/api/friends/${id(handle)}`);
export const friendRequests = () => call<T.FriendRequests>('GET', '/api/friend-requests');
export const requestFriend = (handle: string) => call<{ id: string }>('POST', '/api/friend-requests', { handle });
export const acceptFriend = (request: string) => call<void>('POST', `/api/friend-requests/${id(request)}/accept`, {});
export const dropFriendRequest = (request: string) => call<void>('DELETE', `/api/friend-requests/${id(request)}`);
export const blocks = () => call<T.Somebody[]>('GET', '/api/blocks');
export const block = (handle: string) => call<void>('PUT', `/api/blocks/${id(handle)}`);
export const unblock = (handle: string) => call<void>('DELETE', `/api/blocks/${id(handle)}`);

export const circles = () => call<T.Circle[]>('GET', '/api/circles');
export const createCircle = (name: string, members: string[]) => call<{ id: string }>('POST', '/api/circles', { name, members });
export const renameCircle = (circle: string, name: string) => call<void>('PATCH', `/api/circles/${id(circle)}`, { name });
export const deleteCircle = (circle: string) => call<void>('DELETE', `/api/circles/${id(circle)}`);
export const addToCircle = (circle: string, handle: string) => call<void>('PUT', `/api/circles/${id(circle)}/members/${id(handle)}`);
export const removeFromCircle = (circle: string, handle: string) =>
  call<void>('DELETE', `/api/circles/${id(circle)}/members/${id(handle)}`);

export const previewAudience = (audience: T.Audience) => call<T.AudiencePreview>('POST', '/api/audience-preview', { audience });
export const broadcasts = (scope: 'live' | 'mine' | 'replays') => call<T.Broadcast[]>('GET', `/api/broadcasts?scope=${scope}`);
/** Those that run for a conversation. */
export const broadcastsIn = (conversation: string) => call<T.Broadcast[]>('GET', `/api/broadcasts?scope=live&conversation=${id(conversation)}`);
export const broadcast = (broadcastId: string) => call<T.Broadcast>('GET', `/api/broadcasts/${id(broadcastId)}`);
export const createBroadcast = (title: string, audience: T.Audience, conversational = false) =>
  call<{ id: string } & T.PublishTargets>('POST', '/api/broadcasts', { title, audience, conversational });
export const changeBroadcast = (broadcastId: string, change: { title?: string; audience?: T.Audience; widen?: true; conversational?: boolean }) =>
  call<T.Broadcast>('PATCH', `/api/broadcasts/${id(broadcastId)}`, change);
export const endBroadcast = (broadcastId: string) => call<void>('POST', `/api/broadcasts/${id(broadcastId)}/end`, {});
export const deleteBroadcast = (broadcastId: string) => call<void>('DELETE', `/api/broadcasts/${id(broadcastId)}`);
export const ticket = (broadcastId: string) => call<T.Ticket>('POST', `/api/broadcasts/${id(broadcastId)}/tickets`, {});
export const publishTargets = (broadcastId: string) => call<T.PublishTargets>('GET', `/api/broadcasts/${id(broadcastId)}/publish`);
export const viewers = (broadcastId: string) => call<T.Viewers>('GET', `/api/broadcasts/${id(broadcastId)}/viewers`);
export const mute = (broadcastId: string, account: string) => call<void>('PUT', `/api/broadcasts/${id(broadcastId)}/mutes/${id(account)}`);
export const unmute = (broadcastId: string, account: string) =>
  call<void>('DELETE', `/api/broadcasts/${id(broadcastId)}/mutes/${id(account)}`);

export const encoderKey = () => call<T.EncoderKey>('GET', '/api/encoder-key');
export const renewEncoderKey = () => call<T.EncoderKey>('POST', '/api/encoder-key/renew', {});

export const adminLive = () => call<T.AdminLive>('GET', '/api/admin/live');
export const setAdminLive = (body: { enabled: boolean; mode: 'everyone' | 'named'; handles: string[] }) =>
  call<T.AdminLive | void>('PUT', '/api/admin/live', body);
export const adminAccounts = (query: string) => call<T.AdminAccount[]>('GET', `/api/admin/accounts?q=${id(query)}`);
export const suspend = (handle: string) => call<void>('PUT', `/api/admin/accounts/${id(handle)}/suspension`);
export const unsuspend = (handle: string) => call<void>('DELETE', `/api/admin/accounts/${id(handle)}/suspension`);
export const setAdministrator = (handle: string, on: boolean) => call<void>(on ? 'PUT' : 'DELETE', `/api/admin/accounts/${id(handle)}/administrator`);
export const resetLink = (handle: string) => call<{ code: string; expiresAt: string }>('POST', `/api/admin/accounts/${id(handle)}/password-reset`, {});
export const adminInvitations = (open: boolean, before: string | null) =>
  call<T.AdminInvitation[]>('GET', `/api/admin/invitations?open=${open}${before ? `&before=${id(before)}` : ''}`);
export const revokeInvitation = (code: string) => call<void>('DELETE', `/api/admin/invitations/${id(code)}`);
export const audit = (before: number | null) => call<{ entries: T.AuditEntry[]; next: number | null }>('GET', `/api/admin/audit${before ? `?before=${before}` : ''}`);
