import type { MessageKey } from '../../i18n/i18n.svelte';
import type { PictureFault } from '../live-picture';
import type { Phase } from '../room.svelte';
import type { SocketState } from './live-socket';
import type { StreamState } from './messages';

export interface Situation {
  phase: Phase;
  fault: PictureFault | null;
  connection: SocketState;
  stream: StreamState;
  liveAvailable: boolean;
  /** Ended a moment ago: whether there is a replay is not known yet. */
  preparing: boolean;
  hasFrame: boolean;
  buffering: boolean;
  paused: boolean;
}

/** What the player says of itself: `state` is `data-state` for tests and styles, `words` what a person reads, if anything. */
export interface View { state: string; words: MessageKey | null }

export function view(now: Situation): View {
  switch (now.phase) {
    case 'loading': return { state: 'connecting', words: 'player.state.connecting' };
    case 'gone': return { state: 'gone', words: null };
    case 'ended': return { state: 'ended', words: now.preparing ? 'player.state.ended.opens' : 'player.state.ended.none' };
    case 'tooMany': return { state: 'tooMany', words: 'player.state.tooMany' };
    case 'failed': return { state: 'failed', words: 'player.state.failed' };
    case 'replay': return now.fault ? failed(now.fault) : playing(now);
    case 'live': return now.fault ? failed(now.fault) : live(now);
  }
}

const failed = (fault: PictureFault): View => ({ state: fault, words: `player.state.${fault}` });

function live(now: Situation): View {
  const dry = !now.hasFrame || now.buffering;
  if (dry && now.connection === 'offline') return { state: 'offline', words: 'player.state.offline' };
  if (dry && now.connection === 'tooSlow') return { state: 'tooSlow', words: 'player.state.tooSlow' };
  if (dry && now.connection === 'lost') {
    return { state: 'reconnecting', words: now.liveAvailable ? 'player.state.reconnecting' : 'player.state.away' };
  }
  if (now.stream === 'ready' && !now.hasFrame) return { state: 'waiting', words: 'player.state.waiting' };
  if (dry && now.stream === 'interrupted') return { state: 'interrupted', words: 'player.state.interrupted' };
  return playing(now);
}

function playing(now: Situation): View {
  if (now.paused && now.hasFrame) return { state: 'paused', words: null };
  if (!now.hasFrame) return { state: 'connecting', words: 'player.state.connecting' };
  return now.buffering ? { state: 'buffering', words: 'player.state.buffering' } : { state: 'playing', words: null };
}
