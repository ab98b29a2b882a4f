/** What an identity provider vouched for, and how far. */
export interface Vouched {
  /** Whose provider it is: the session ends with the connection. */
  connectionId: string;
  /** When the connection by which the provider was believed had been written: changed since, it opens nothing. */
  asOf?: Date;
  /** When the provider says that the person proved who they are; undefined where it does not say. */
  provedAt?: Date;
  /** When the provider says that a session ends at the latest (SAML Core §2.7.2, `SessionNotOnOrAfter`). */
  endsAt?: Date;
}

/**
 * The `auth_time` of a session of which nobody knows when its owner proved who they are: so long ago that no proof is recent.
 *
 * SECURITY: a provider answers for whoever finds its session open. What it does not say must not count as a proof of now (R8).
 */
export const UNKNOWN_PROOF = new Date(0);

/** When the owner of a session proved who they are, if that is known. */
export const knownProof = (authTime: Date): Date | undefined =>
  authTime.getTime() === UNKNOWN_PROOF.getTime() ? undefined : authTime;
