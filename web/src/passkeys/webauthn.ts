// WebAuthn's own JSON (PublicKeyCredentialCreationOptionsJSON and its like) to what the browser takes, and back. Written out, because browsers in use lack the methods that do it.

interface Described { id: string; type: 'public-key'; transports?: string[] | null }
export interface CreationJson {
  challenge: string;
  rp: { id?: string; name: string };
  user: { id: string; name: string; displayName: string };
  pubKeyCredParams: { type: 'public-key'; alg: number }[];
  timeout?: number;
  excludeCredentials?: Described[] | null;
  authenticatorSelection?: { residentKey?: string; userVerification?: string; authenticatorAttachment?: string | null } | null;
  attestation?: string | null;
}
export interface RequestJson { challenge: string; rpId?: string; timeout?: number; allowCredentials?: Described[] | null; userVerification?: string | null }

export type Hindrance = 'insecure' | 'address' | 'browser';

/** Why this page cannot use passkeys, or null. */
export function hindrance(): Hindrance | null {
  if (!isSecureContext) return 'insecure';
  if (!('PublicKeyCredential' in window) || !navigator.credentials) return 'browser';
  // A passkey belongs to a name: an address has none (WebAuthn 3 section 5.1.3).
  return isAddress(location.hostname) ? 'address' : null;
}

export const isAddress = (host: string): boolean => host.startsWith('[') || /^\d{1,3}(\.\d{1,3}){3}$/.test(host);

export async function register(options: CreationJson): Promise<unknown> {
  const credential = (await navigator.credentials.create({ publicKey: creation(options) })) as PublicKeyCredential;
  const response = credential.response as AuthenticatorAttestationResponse;
  return {
    ...head(credential),
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      attestationObject: encode(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
}

export async function signIn(options: RequestJson): Promise<unknown> {
  const credential = (await navigator.credentials.get({ publicKey: request(options) })) as PublicKeyCredential;
  const response = credential.response as AuthenticatorAssertionResponse;
  return {
    ...head(credential),
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      authenticatorData: encode(response.authenticatorData),
      signature: encode(response.signature),
      userHandle: response.userHandle ? encode(response.userHandle) : null,
    },
  };
}

export function creation(json: CreationJson): PublicKeyCredentialCreationOptions {
  const { attachment, ...chosen } = { attachment: json.authenticatorSelection?.authenticatorAttachment, ...json.authenticatorSelection };
  delete chosen.authenticatorAttachment;
  return {
    rp: json.rp,
    challenge: decode(json.challenge),
    user: { ...json.user, id: decode(json.user.id) },
    pubKeyCredParams: json.pubKeyCredParams,
    timeout: json.timeout,
    excludeCredentials: (json.excludeCredentials ?? []).map(described),
    authenticatorSelection: { ...chosen, ...(attachment ? { authenticatorAttachment: attachment } : {}) } as AuthenticatorSelectionCriteria,
    attestation: (json.attestation ?? 'none') as AttestationConveyancePreference,
  };
}

export function request(json: RequestJson): PublicKeyCredentialRequestOptions {
  return {
    challenge: decode(json.challenge),
    rpId: json.rpId,
    timeout: json.timeout,
    allowCredentials: (json.allowCredentials ?? []).map(described),
    userVerification: (json.userVerification ?? 'required') as UserVerificationRequirement,
  };
}

const described = (one: Described): PublicKeyCredentialDescriptor => ({ type: one.type, id: decode(one.id), transports: (one.transports ?? []) as AuthenticatorTransport[] });

const head = (credential: PublicKeyCredential) => ({
  id: credential.id,
  rawId: encode(credential.rawId),
  type: credential.type,
  authenticatorAttachment: credential.authenticatorAttachment,
  clientExtensionResults: credential.getClientExtensionResults(),
});

/** base64url without padding, as WebAuthn's JSON has all bytes. */
export function encode(bytes: ArrayBuffer): string {
  let text = '';
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
  return btoa(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

export function decode(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
}
