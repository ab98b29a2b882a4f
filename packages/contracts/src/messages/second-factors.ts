import { Type, type Static } from 'typebox';
import { SignInResponse } from './auth.ts';
import { PasskeyAnswer, PasskeyCreated } from './passkeys.ts';
import { MfaPolicy } from './settings.ts';
import { ClientSelector, Id, Message, Name, Nullable, PLAIN_TEXT, SingleUseToken, Time } from './shapes.ts';

/** Kinds of second factors, as answers name them. */
export const FACTOR_KINDS = ['passkey', 'totp', 'backup_code'] as const;
export type FactorKind = (typeof FACTOR_KINDS)[number];

const SessionToken = Type.String({
  ...SingleUseToken,
  description:
    'Of a sign-in that waits for its second factor: short-lived, good once, for this and nothing else, and for the browser or program that signed in.',
});
const Kind = Type.String({ enum: [...FACTOR_KINDS] });

/** The answer to a right first factor where a second one is due. It opens nothing. */
export const MfaRequired = Message(
  {
    mfa_required: Type.Literal(true),
    session_token: SessionToken,
    factors: Type.Array(Kind, { description: 'What the account can prove it with.', examples: [['totp']] }),
    expires_in: Type.Integer({ description: 'Seconds that the session token is good for.', examples: [300] }),
    remember_days: Type.Integer({
      description: 'How long this browser can be remembered for; 0 where the tenant remembers none.',
      examples: [0],
    }),
  },
  { $id: 'MfaRequired' },
);
export type MfaRequired = Static<typeof MfaRequired>;

/** The answer where the tenant demands a second factor and the account has none yet. It opens nothing but the enrolment. */
export const MfaEnrolmentRequired = Message(
  {
    mfa_enrolment_required: Type.Literal(true),
    session_token: SessionToken,
    expires_in: Type.Integer({ description: 'Seconds that the session token is good for.', examples: [900] }),
  },
  { $id: 'MfaEnrolmentRequired' },
);
export type MfaEnrolmentRequired = Static<typeof MfaEnrolmentRequired>;

/** What a first factor is answered with. */
export const SignInAnswer = Type.Union([SignInResponse, MfaRequired, MfaEnrolmentRequired], {
  description:
    'Signed in; or `mfa_required`: complete it at `/auth/mfa/verify`; or `mfa_enrolment_required`: begin at `/auth/mfa/enrol`.',
});
export type SignInAnswer = Static<typeof SignInAnswer>;

const TotpCode = Type.String({
  pattern: '^[0-9]{6}$',
  description: 'Six digits, as the authenticator app shows them. Each is good once.',
  examples: ['492039'],
});
const BackupCode = Type.String({
  pattern: '^[A-Za-z0-9]{5}-?[A-Za-z0-9]{5}$',
  description: 'A backup code; the hyphen and the case of letters do not matter. Each is good once.',
  examples: ['K7QMX-2RTWP'],
});
/** Proof of a second factor: exactly one of them. */
const proof = {
  totp_code: Type.Optional(TotpCode),
  backup_code: Type.Optional(BackupCode),
  passkey: Type.Optional(PasskeyAnswer),
};
export const SecondFactorProof = Message(proof);
export type SecondFactorProof = Static<typeof SecondFactorProof>;

const Remember = Type.Optional(
  Type.Boolean({
    description: 'This browser is asked for no second factor for as many days as the tenant says.',
    examples: [false],
  }),
);
const LabelText = Type.String({
  minLength: 1,
  maxLength: 60,
  pattern: PLAIN_TEXT,
  description: 'What the owner calls it.',
  examples: ['Phone'],
});
const Label = Type.Optional(LabelText);

export const VerifyMfaRequest = Message(
  { session_token: SessionToken, ...proof, remember_device: Remember, client: ClientSelector },
  {
    $id: 'VerifyMfaRequest',
    examples: [
      {
        session_token: 'AZmp8Fwee3qdaj8vfA8aEQ.mMLAo9v2b7k0uTqkP9B3jvJ8x0WZl9p1uTqkP9B3jvI',
        totp_code: '492039',
      },
    ],
  },
);
export type VerifyMfaRequest = Static<typeof VerifyMfaRequest>;

export const EnrolMfaRequest = Message(
  { session_token: SessionToken, client: ClientSelector },
  { $id: 'EnrolMfaRequest' },
);

/** A secret that waits to be confirmed with a first code. */
export const NewTotp = Message(
  {
    enrolment_token: Type.String({
      ...SingleUseToken,
      description: 'Names this secret when it is confirmed; good once, for a quarter of an hour.',
    }),
    secret: Type.String({
      description: 'In base32, to be typed where nothing can be scanned.',
      examples: ['JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'],
    }),
    otpauth_uri: Type.String({
      description: 'What the QR code says (Google Authenticator’s key URI).',
      examples: [
        'otpauth://totp/Gatehouse:ada%40example.com?issuer=Gatehouse&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30',
      ],
    }),
    qr: Message(
      {
        size: Type.Integer({ description: 'Modules on each side, with the quiet zone.', examples: [57] }),
        path: Type.String({
          description: 'The dark modules as one SVG path, for a viewBox of `0 0 size size`.',
          examples: ['M4 4h7v1h-7z'],
        }),
      },
      { description: 'The QR code, to be drawn without a library.' },
    ),
  },
  { $id: 'NewTotp' },
);
export type NewTotp = Static<typeof NewTotp>;

const confirmation = {
  enrolment_token: NewTotp.properties.enrolment_token,
  totp_code: TotpCode,
  label: Label,
};
export const ConfirmMfaEnrolmentRequest = Message(
  { session_token: SessionToken, ...confirmation, client: ClientSelector },
  { $id: 'ConfirmMfaEnrolmentRequest' },
);
export type ConfirmMfaEnrolmentRequest = Static<typeof ConfirmMfaEnrolmentRequest>;
export const ConfirmTotpRequest = Message(confirmation, { $id: 'ConfirmTotpRequest' });
export type ConfirmTotpRequest = Static<typeof ConfirmTotpRequest>;

const codes = Type.Array(BackupCode, {
  description: 'Shown this once. Each is good once, where no other factor is at hand.',
});
const passkeyMade = { passkey: PasskeyCreated, label: Label };
export const AddPasskeyRequest = Message(passkeyMade, { $id: 'AddPasskeyRequest' });
export type AddPasskeyRequest = Static<typeof AddPasskeyRequest>;
export const BeginByPasskey = Message(
  { token: SingleUseToken, client: ClientSelector },
  { $id: 'BeginByPasskey' },
);
export const AcceptByPasskey = Message(
  { token: SingleUseToken, name: Name, ...passkeyMade, client: ClientSelector },
  { $id: 'AcceptByPasskey' },
);
export type AcceptByPasskey = Static<typeof AcceptByPasskey>;
export const EnrolPasskeyRequest = Message(
  { session_token: SessionToken, ...passkeyMade, client: ClientSelector },
  { $id: 'EnrolPasskeyRequest' },
);

export const BackupCodes = Message({ backup_codes: codes }, { $id: 'BackupCodes' });
export type BackupCodes = Static<typeof BackupCodes>;

/** Signed in, or going on under a new id, with a factor more. */
export const FactorAdded = Message(
  {
    ...SignInResponse.properties,
    backup_codes: Type.Optional(codes),
  },
  { $id: 'FactorAdded' },
);
export type FactorAdded = Static<typeof FactorAdded>;

export const Factor = Message(
  { id: Id, kind: Kind, label: Nullable(Type.String()), createdAt: Time, lastUsedAt: Nullable(Time) },
  { $id: 'Factor' },
);
export type Factor = Static<typeof Factor>;

export const RenameFactorRequest = Message(
  { label: Nullable(LabelText) },
  { $id: 'RenameFactorRequest', examples: [{ label: 'Laptop' }] },
);

/** What an account can prove besides its first factor. */
export const OwnFactors = Message(
  {
    policy: MfaPolicy,
    mayAdd: Type.Boolean({
      description:
        'Authenticator apps: false where neither the home tenant nor another one asks for second factors.',
    }),
    mayAddPasskey: Type.Boolean({ description: 'False where the address of the deployment names no host.' }),
    factors: Type.Array(Factor),
    backupCodesLeft: Type.Integer({ examples: [10] }),
    rememberedDevices: Type.Integer({
      description: 'Browsers that are asked for no second factor.',
      examples: [1],
    }),
  },
  { $id: 'OwnFactors' },
);
export type OwnFactors = Static<typeof OwnFactors>;

export const StepUpRequest = Message(
  {
    ...proof,
    password: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1024,
        description: 'Where the account has no second factor.',
        examples: ['Correct-Horse-7'],
      }),
    ),
  },
  { $id: 'StepUpRequest', description: 'Exactly one proof.', examples: [{ totp_code: '492039' }] },
);
export type StepUpRequest = Static<typeof StepUpRequest>;
