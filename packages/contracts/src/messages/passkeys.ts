import { Type, type Static } from 'typebox';
import { ClientSelector, Message } from './shapes.ts';

/** Bytes in base64url without padding (RFC 4648 §5), as WebAuthn's JSON forms have them. */
const Bytes = (maxLength: number, description: string, example: string) =>
  Type.String({ minLength: 1, maxLength, pattern: '^[A-Za-z0-9_-]+$', description, examples: [example] });

const PublicKey = Type.Literal('public-key');
/** At most 1023 bytes (WebAuthn §4). */
const CredentialId = Bytes(1364, 'The credential id, in base64url.', 'lPzXkQ1cT0uJcF5q0yqv9g');
const Challenge = Bytes(
  200,
  'Good once, for five minutes, in this browser and for this purpose.',
  'QVptcDhGd2VlM3FkYWo4dmZBOGFFUS5tTUxBbzl2MmI3azB1VHFrUDlCM2p2Sjh4MFdabDlwMXVUcWtQOUIzanZJ',
);
const ClientData = Bytes(
  4096,
  'What the browser says it was asked, in base64url.',
  'eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0',
);
const AuthenticatorData = Bytes(4096, 'In base64url.', 'SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAQ');
const Transports = Type.Array(Type.String({ minLength: 1, maxLength: 32, pattern: '^[a-z0-9-]+$' }), {
  maxItems: 16,
  description: 'How the authenticator is reached.',
  examples: [['internal', 'hybrid']],
});
const Milliseconds = Type.Integer({ description: 'Milliseconds.', examples: [300_000] });
const RpId = Type.String({ description: 'The host name of this deployment.', examples: ['id.example.com'] });
const Required = Type.Literal('required');
const Descriptor = Message({ type: PublicKey, id: CredentialId, transports: Type.Optional(Transports) });

/** Of either answer: what browsers add beside, and nobody looks at. */
const Beside = {
  authenticatorAttachment: Type.Optional(Type.String({ maxLength: 32, examples: ['platform'] })),
  clientExtensionResults: Type.Optional(
    Type.Object(
      {},
      { additionalProperties: true, maxProperties: 32, description: 'Not looked at.', examples: [{}] },
    ),
  ),
};

/** What a browser is asked a passkey for. */
export const PasskeyRequestOptions = Message(
  {
    challenge: Challenge,
    timeout: Milliseconds,
    rpId: RpId,
    allowCredentials: Type.Array(Descriptor, {
      description: 'Those of the account; empty before anybody is known.',
    }),
    userVerification: Required,
  },
  {
    $id: 'PasskeyRequestOptions',
    description: 'For `navigator.credentials.get` (WebAuthn Level 3 §5.8.2, in its JSON form).',
  },
);
export type PasskeyRequestOptions = Static<typeof PasskeyRequestOptions>;

/** What a browser is asked to make a passkey by. */
export const PasskeyCreationOptions = Message(
  {
    challenge: Challenge,
    timeout: Milliseconds,
    rp: Message({ id: RpId, name: Type.String({ examples: ['Example Cloud'] }) }),
    user: Message({
      id: Bytes(
        86,
        'A random handle of the account, in base64url.',
        'c2l4dGVlbiByYW5kb20gYnl0ZXMgb3IgbW9yZSEhIQ',
      ),
      name: Type.String({ examples: ['ada@example.com'] }),
      displayName: Type.String({ examples: ['ada@example.com'] }),
    }),
    pubKeyCredParams: Type.Array(Message({ type: PublicKey, alg: Type.Integer({ examples: [-7] }) }), {
      description: 'ES256, EdDSA, RS256.',
    }),
    excludeCredentials: Type.Array(Descriptor),
    authenticatorSelection: Message({
      residentKey: Required,
      requireResidentKey: Type.Literal(true),
      userVerification: Required,
    }),
    attestation: Type.Literal('none'),
  },
  {
    $id: 'PasskeyCreationOptions',
    description: 'For `navigator.credentials.create` (WebAuthn Level 3 §5.8.1, in its JSON form).',
  },
);
export type PasskeyCreationOptions = Static<typeof PasskeyCreationOptions>;

/** What a passkey answers. */
export const PasskeyAnswer = Message(
  {
    id: CredentialId,
    rawId: CredentialId,
    type: PublicKey,
    response: Message({
      clientDataJSON: ClientData,
      authenticatorData: AuthenticatorData,
      signature: Bytes(
        2048,
        'In base64url.',
        'MEUCIQDKm0bI6c7nS1dWcJ9m0R8eYvA3V0C8wX7uOe2C0yq0-wIgU3l0bTq1t8k',
      ),
      userHandle: Type.Optional(
        Bytes(86, 'Whose passkey it says it is, in base64url.', 'c2l4dGVlbiByYW5kb20'),
      ),
    }),
    ...Beside,
  },
  {
    $id: 'PasskeyAnswer',
    description:
      'What `navigator.credentials.get` resolved to, as JSON (`AuthenticationResponseJSON` of WebAuthn Level 3).',
  },
);
export type PasskeyAnswer = Static<typeof PasskeyAnswer>;

/** A passkey that was made. */
export const PasskeyCreated = Message(
  {
    id: CredentialId,
    rawId: CredentialId,
    type: PublicKey,
    response: Message({
      clientDataJSON: ClientData,
      attestationObject: Bytes(
        16_384,
        'In base64url.',
        'o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVgmSZYN5YgOjGh0NBcPZHZg',
      ),
      transports: Type.Optional(Transports),
      authenticatorData: Type.Optional(AuthenticatorData),
      publicKey: Type.Optional(Bytes(2048, 'Not looked at.', 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE')),
      publicKeyAlgorithm: Type.Optional(Type.Integer({ description: 'Not looked at.', examples: [-7] })),
    }),
    ...Beside,
  },
  {
    $id: 'PasskeyCreated',
    description:
      'What `navigator.credentials.create` resolved to, as JSON (`RegistrationResponseJSON` of WebAuthn Level 3).',
  },
);
export type PasskeyCreated = Static<typeof PasskeyCreated>;

export const PasskeySignInRequest = Message(
  { passkey: PasskeyAnswer, client: ClientSelector },
  { $id: 'PasskeySignInRequest' },
);
