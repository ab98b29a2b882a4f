import type { AddedFactor, Me, SignInProgress } from './messages.ts';
import { readProblem } from './problem.ts';

/** A passkey that the browser has just made (`navigator.credentials.create`, as JSON). */
export interface NewPasskey {
  readonly passkey: RegistrationResponseJSON;
  /** What the owner calls it. */
  readonly label?: string;
}

/**
 * Signing in by passkeys. What they are asked is for `navigator.credentials.get` and `create`, and what they answer goes back, each in
 * its JSON form (WebAuthn Level 3): `PublicKeyCredential.parseRequestOptionsFromJSON` and `toJSON`, or a library that does the same.
 *
 * @example A button
 * ```ts
 * const { startAuthentication } = await import('@simplewebauthn/browser');
 * const optionsJSON = await gatehouse.askForPasskey();
 * const progress = await gatehouse.signInByPasskey(await startAuthentication({ optionsJSON }));
 * ```
 */
export interface PasskeySignIn {
  /** Asks for any passkey of this site; by a session token, for one of whoever's sign-in waits for a second factor. @throws ProblemError */
  askForPasskey(sessionToken?: string): Promise<PublicKeyCredentialRequestOptionsJSON>;
  /** Signs in by a passkey alone. @throws ProblemError, for example `auth.passkey_failed` */
  signInByPasskey(passkey: AuthenticationResponseJSON): Promise<SignInProgress>;
  /** Begins, with a passkey, the enrolment that a sign-in waits for. @throws ProblemError */
  beginPasskeyEnrolment(sessionToken: string): Promise<PublicKeyCredentialCreationOptionsJSON>;
  /** Completes it, and the sign-in. @throws ProblemError, for example `factors.passkey_unusable` */
  completePasskeyEnrolment(sessionToken: string, made: NewPasskey): Promise<AddedFactor>;
  /** Asks for a passkey of a new account, for whoever holds an invitation's link. @throws ProblemError */
  beginPasskeyOfInvited(token: string): Promise<PublicKeyCredentialCreationOptionsJSON>;
  /** Accepts the invitation with it, and signs in. @throws ProblemError, for example `users.email_in_use` */
  acceptByPasskey(token: string, name: string, made: NewPasskey): Promise<AddedFactor>;
  /** Adds a passkey to the account; the session goes on, in all tabs, under a new id. @throws ProblemError */
  addPasskey(made: NewPasskey): Promise<AddedFactor>;
}

type Post = (path: string, body: Record<string, unknown>) => Promise<Response>;

/** What the sign-in state of a page does for it. */
interface Means {
  readonly post: Post;
  readonly entry: Post;
  readonly enter: (path: string, body: Record<string, unknown>) => Promise<SignInProgress>;
  readonly rotate: (
    path: string,
    body: Record<string, unknown>,
  ) => Promise<{ readonly backup_codes?: readonly string[] }>;
  readonly reload: () => Promise<Me>;
}

export function passkeySignIn({ post, entry, enter, rotate, reload }: Means): PasskeySignIn {
  async function ask<Options>(path: string, body: Record<string, unknown>): Promise<Options> {
    const response = await post(path, body);
    if (!response.ok) throw await readProblem(response);
    return (await response.json()) as Options;
  }
  return {
    askForPasskey: (sessionToken) =>
      sessionToken === undefined
        ? ask('/api/v1/auth/passkey/options', {})
        : ask('/api/v1/auth/mfa/passkey/options', { session_token: sessionToken }),
    signInByPasskey: (passkey) => enter('/api/v1/auth/passkey/login', { passkey }),
    beginPasskeyEnrolment: (sessionToken) =>
      ask('/api/v1/auth/mfa/enrol/passkey', { session_token: sessionToken }),
    completePasskeyEnrolment: async (sessionToken, made) => {
      const body = { session_token: sessionToken, ...spell(made) };
      const response = await entry('/api/v1/auth/mfa/enrol/passkey/confirm', body);
      if (!response.ok) throw await readProblem(response);
      const { backup_codes: backupCodes = [] } = (await response.json()) as { backup_codes?: string[] };
      return { me: await reload(), backupCodes };
    },
    beginPasskeyOfInvited: (token) => ask('/api/v1/auth/invitation/passkey', { token }),
    acceptByPasskey: async (token, name, made) => {
      const body = { token, name, ...spell(made) };
      const response = await entry('/api/v1/auth/invitation/passkey/register', body);
      if (!response.ok) throw await readProblem(response);
      const { backup_codes: backupCodes = [] } = (await response.json()) as { backup_codes?: string[] };
      return { me: await reload(), backupCodes };
    },
    addPasskey: async (made) => {
      const { backup_codes: backupCodes = [] } = await rotate(
        '/api/v1/auth/factors/passkey/confirm',
        spell(made),
      );
      return { me: await reload(), backupCodes };
    },
  };
}

const spell = ({ passkey, label }: NewPasskey): Record<string, unknown> => ({
  passkey,
  ...(label && { label }),
});
