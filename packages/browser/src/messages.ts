/** The answer of `GET /api/v1/auth/me`: the person, their tenant, this session, and what they may do. */
export interface Me {
  readonly user: {
    readonly id: string;
    readonly tenantId: string;
    readonly email: string;
    /** Whether a mailed link has proved the address. */
    readonly emailVerified: boolean;
    readonly name: string;
    readonly status: string;
    readonly createdAt: string;
  };
  readonly tenant: {
    readonly id: string;
    readonly name: string;
    readonly type: string;
    readonly status: string;
    readonly locale: string;
    readonly timeZone: string;
    readonly currency: string;
    readonly dateFormat: string;
  };
  readonly session: {
    readonly id: string;
    readonly clientId: string;
    readonly createdAt: string;
    readonly expiresAt: string;
    readonly amr: readonly string[];
    /** `2` where a second factor was proved in this session. */
    readonly acr?: string;
    /** Null where an identity provider let the person in and does not say when they proved who they are. */
    readonly authTime: string | null;
  };
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
}

/** RFC 9457 problem details, as Gatehouse answers them. */
export interface Problem {
  readonly type?: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  /** Stable dotted code, for example `auth.invalid_credentials`. Match on this, never on the prose. */
  readonly code: string;
  readonly correlationId?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

export interface SignInCredentials {
  readonly email: string;
  readonly password: string;
}

/** A code from a mail, with the address that it was mailed to; or the token of a mailed link. */
export type MailedProof =
  | { readonly email: string; readonly code: string }
  | {
      readonly token: string;
      /** The person has confirmed that they mean to sign in in a browser that did not ask for the link. */
      readonly elsewhere?: boolean;
    };

/** How far a sign-in came: it may wait for a second factor, or for the enrolment of one. */
export type SignInProgress =
  | { readonly status: 'signed-in'; readonly me: Me }
  | ({ readonly status: 'second-factor' } & SecondFactorDue)
  | { readonly status: 'enrolment'; readonly sessionToken: string };

export interface SecondFactorDue {
  /** For `verifySecondFactor`, in this browser, for some minutes. */
  readonly sessionToken: string;
  /** What the account can prove it with: `passkey`, `totp`, `backup_code`. */
  readonly factors: readonly string[];
  /** How many days this browser can be remembered for; 0: not at all. */
  readonly rememberDays: number;
}

/** One proof of a second factor. */
export type SecondFactorProof =
  | { readonly totpCode: string }
  | { readonly backupCode: string }
  /** What `navigator.credentials.get` resolved to, as JSON. */
  | { readonly passkey: AuthenticationResponseJSON };

/** A new secret for an authenticator app. */
export interface NewTotp {
  readonly enrolment_token: string;
  readonly secret: string;
  readonly otpauth_uri: string;
  /** Dark modules as one SVG path, for a viewBox of `0 0 size size`. */
  readonly qr: { readonly size: number; readonly path: string };
}

export interface TotpConfirmation {
  readonly enrolmentToken: string;
  readonly totpCode: string;
  readonly label?: string;
}

/** A factor was added. Backup codes come with the first one, and are never shown again. */
export interface AddedFactor {
  readonly me: Me;
  readonly backupCodes: readonly string[];
}

/** What a server asks for before it does something (RFC 9470). */
export interface StepUpNeed {
  /** `2`: a second factor; `1`: the password. Undefined where the answer's header cannot be read. */
  readonly acrValues: string | undefined;
  /** Seconds within which it must have been proved. */
  readonly maxAge: number | undefined;
}

export interface PasswordChange {
  readonly currentPassword: string;
  readonly newPassword: string;
}

export interface RegistrationConfirmation {
  /** The single-use token from the link in the mail. */
  readonly token: string;
  readonly password: string;
}

/**
 * What the page knows about its session.
 *
 * - `starting`: not asked yet, or the first answer is on its way.
 * - `signed-in`: `me` holds the person and their permissions.
 * - `signed-out`: `none` (there was no session), `signed-out` (the person ended it) or `expired`
 *   (the server ended it).
 * - `unreachable`: the server could not be asked. This is *not* a sign-out; it is asked again at `retryAt`.
 */
export type SignInState =
  | { readonly status: 'starting' }
  | { readonly status: 'signed-in'; readonly me: Me }
  | { readonly status: 'signed-out'; readonly reason: 'none' | 'signed-out' | 'expired' }
  | { readonly status: 'unreachable'; readonly retryAt: number };
