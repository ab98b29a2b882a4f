import type { Place } from '../saml/saml-thread.ts';

/** What a provider proved of somebody who came back from it. */
export interface ProvedIdentity {
  issuer: string;
  /** The provider's own word for the person, which never changes and is never given to another. */
  subject: string;
  /** Undefined where there is none that could be used. */
  email: string | undefined;
  /** The provider says itself that the address is the person's. */
  emailVerified: boolean;
  /** Google: the Workspace domain that manages the account. */
  hostedDomain: string | undefined;
  name: string | undefined;
  /** Everything that was said, for mapping roles and for a test run. */
  claims: Readonly<Record<string, unknown>>;
  /** When the person proved who they are, as the provider says; undefined where it does not. */
  provedAt: Date | undefined;
  /** SAML: when a session ends there at the latest. */
  endsAt?: Date;
  /** SAML: what names the messages that said so; each is good once. */
  messageIds?: readonly string[];
}

/** What begins a sign-in at a provider, and must come back with it. */
export interface Challenge {
  state: string;
  nonce: string;
  codeVerifier: string;
  redirectUri: string;
  /** SAML: what the provider had the browser post, and what waited for it here. */
  answer?: string;
  /** SAML: its place among the documents that wait to be read. */
  place?: Place | undefined;
}

/** One provider as a connection describes it. */
export interface Provider {
  /** Whether it can be asked to have people prove anew who they are, and says when they did. */
  provesAnew: boolean;
  /** Whether it says of itself that it states when: who is asked and then says nothing was not asked. */
  statesTime: boolean;
  /** Where the browser goes. `anew`: to have the person prove anew who they are, whatever session they have there. */
  authorizationUrl(challenge: Challenge & { anew: boolean }): Promise<URL>;
  /**
   * What the provider says of whoever came back to this address.
   *
   * @throws {ProviderFault}
   */
  redeem(callback: URL, challenge: Challenge): Promise<ProvedIdentity>;
}

/** Why what a provider answered does not count; for logs and test runs, and for nobody who signs in. */
export class ProviderFault extends Error {
  readonly kind: 'failed' | 'refused';
  /** A word for the audit record, where the tenant's administrators find it. */
  readonly reason: string | undefined;
  constructor(kind: 'failed' | 'refused', message: string, cause?: unknown, reason?: string) {
    super(message, { cause });
    this.kind = kind;
    this.reason = reason;
  }
}

/** A claim as a text with something in it; undefined for everything else. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined;
