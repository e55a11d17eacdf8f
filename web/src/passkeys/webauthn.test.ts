import { describe, expect, it } from 'vitest';
import { creation, decode, encode, isAddress, request } from './webauthn';

describe('bytes as text', () => {
  it('come back as they were, whatever their number', () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + 250) % 256);
      const text = encode(bytes.buffer);
      expect(text).toMatch(/^[A-Za-z0-9_-]*$/);
      expect([...decode(text)]).toEqual([...bytes]);
    }
  });
});

describe('what the browser is asked', () => {
  it('to make has bytes where WebAuthn has bytes and leaves out what is null', () => {
    const made = creation({
      challenge: 'AAEC', rp: { id: 'example.org', name: 'example.org' }, user: { id: 'YWJj', name: 'anna', displayName: 'Anna' },
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }], excludeCredentials: [{ id: 'BAU', type: 'public-key', transports: null }],
      authenticatorSelection: { residentKey: 'required', userVerification: 'required', authenticatorAttachment: null }, attestation: null,
    });
    expect([...(made.challenge as Uint8Array)]).toEqual([0, 1, 2]);
    expect([...(made.user.id as Uint8Array)]).toEqual([97, 98, 99]);
    expect(made.excludeCredentials).toHaveLength(1);
    expect(made.authenticatorSelection).toEqual({ residentKey: 'required', userVerification: 'required' });
    expect(made.attestation).toBe('none');
  });

  it('to sign with names no credential when none is named', () => {
    expect(request({ challenge: 'AAEC', rpId: 'example.org', userVerification: 'required', allowCredentials: null }).allowCredentials).toEqual([]);
  });
});

it('an address is no name', () => {
  expect(['192.168.1.20', '[::1]'].every(isAddress)).toBe(true);
  expect(['localhost', 'weir.example.org', '1.example'].some(isAddress)).toBe(false);
});
