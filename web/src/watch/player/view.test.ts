import { describe, expect, it } from 'vitest';
import { view, type Situation } from './view';

const playing: Situation = {
  phase: 'live', fault: null, connection: 'open', stream: 'live', liveAvailable: true, preparing: false, hasFrame: true, buffering: false, paused: false,
};
const state = (change: Partial<Situation>) => view({ ...playing, ...change }).state;

describe('what the player says of itself', () => {
  it('says nothing over a picture that moves, even while it reconnects behind it', () => {
    expect(view(playing)).toEqual({ state: 'playing', words: null });
    expect(state({ connection: 'lost' })).toBe('playing');
    expect(state({ stream: 'interrupted' })).toBe('playing');
  });
  it('names the reason when the picture stands', () => {
    const dry = { buffering: true };
    expect(state(dry)).toBe('buffering');
    expect(state({ ...dry, stream: 'interrupted' })).toBe('interrupted');
    expect(state({ ...dry, connection: 'lost', stream: 'interrupted' })).toBe('reconnecting');
    expect(state({ ...dry, connection: 'offline' })).toBe('offline');
    expect(view({ ...playing, ...dry, connection: 'lost', liveAvailable: false }).words).toBe('player.state.away');
  });
  it('waits for the host before the first picture', () => {
    expect(state({ hasFrame: false, stream: 'ready' })).toBe('waiting');
    expect(state({ hasFrame: false })).toBe('connecting');
  });
  it('is paused only by hand and only over a picture', () => {
    expect(state({ paused: true })).toBe('paused');
    expect(state({ paused: true, hasFrame: false })).toBe('connecting');
    expect(state({ phase: 'replay', paused: true })).toBe('paused');
  });
});
