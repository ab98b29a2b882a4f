import { EMAIL_ADDRESS, EMAIL_ATTRIBUTES, NAME_ATTRIBUTES, PERSISTENT } from '../saml/saml-names.ts';
import type { SignedAssertion } from '../saml/read-assertion.ts';
import { SamlFault } from '../saml/saml-fault.ts';
import type { Parties } from '../saml/saml-library.ts';
import type { SamlConnection } from '../saml/saml-settings.ts';
import type { SamlThread } from '../saml/saml-thread.ts';
import { provedAtOf } from './proof-time.ts';
import { type Challenge, type ProvedIdentity, type Provider, ProviderFault, textOf } from './provider.ts';

/** A SAML 2.0 identity provider: requests by redirect, responses by post, which wait beside the sign-in that they answer. */
export const createSamlProvider = (
  thread: SamlThread,
  { saml, ...parties }: Parties & { saml: SamlConnection },
  now: () => Date,
): Provider => ({
  provesAnew: true,
  // `AuthnInstant` is in every statement (SAML Core §2.7.2).
  statesTime: true,
  async authorizationUrl({ nonce, state, anew }) {
    // RelayState carries the state, a random token, and nothing else; the id of the request is the nonce (an NCName begins so).
    const requestId = requestIdOf(nonce);
    return new URL(await thread.run({ kind: 'request', parties, requestId, relayState: state, anew }));
  },
  async redeem(_callback: URL, { answer, nonce, place }: Challenge): Promise<ProvedIdentity> {
    if (answer === undefined) throw new ProviderFault('failed', 'it sent no response');
    try {
      const task = {
        kind: 'response' as const,
        // SECURITY: no key goes where strangers' documents are read.
        parties: { ...parties, signing: null },
        requestId: requestIdOf(nonce),
        response: answer,
        now: now().getTime(),
      };
      const signed = await thread.run(task, place);
      return { ...identityOf(signed, parties.idpEntityId, saml), ...sessionOf(signed, now()) };
    } catch (error) {
      throw error instanceof SamlFault ? asFault(error) : error;
    }
  },
});

const requestIdOf = (nonce: string) => `_${nonce}`;

export const asFault = (error: SamlFault): ProviderFault =>
  new ProviderFault(error.reason === 'status' ? 'refused' : 'failed', error.message, error, error.reason);

const sessionOf = ({ authenticatedAt, sessionEndsAt }: SignedAssertion, now: Date) => ({
  provedAt: provedAtOf(authenticatedAt === null ? undefined : new Date(authenticatedAt), now),
  ...(sessionEndsAt !== null && { endsAt: new Date(sessionEndsAt) }),
});

function identityOf(
  { ids, nameId, attributes }: SignedAssertion,
  issuer: string,
  saml: SamlConnection,
): Omit<ProvedIdentity, 'provedAt'> {
  const claims = Object.fromEntries(attributes);
  const first = (names: readonly string[]) =>
    textOf(attributes.find(([name, values]) => names.includes(name) && values.length > 0)?.[1][0]);
  return {
    issuer,
    subject: subjectOf(nameId, attributes, saml.subjectAttribute),
    email:
      first(saml.emailAttribute === null ? EMAIL_ATTRIBUTES : [saml.emailAttribute]) ??
      (nameId.format === EMAIL_ADDRESS && saml.emailAttribute === null ? textOf(nameId.value) : undefined),
    // The provider hands out what it says; how far that counts is judged by the domain (vouching.ts).
    emailVerified: true,
    hostedDomain: undefined,
    name: first(saml.nameAttribute === null ? NAME_ATTRIBUTES : [saml.nameAttribute]),
    claims,
    messageIds: ids,
  };
}

/**
 * SECURITY: a name that its provider gives to one person for ever. Addresses and log-in names are given to the next one, transient names
 * to everybody in turn. That of an attribute has its name before it, so that it never is what a NameID was (threat 30).
 */
function subjectOf(
  nameId: SignedAssertion['nameId'],
  attributes: SignedAssertion['attributes'],
  attribute: string | null,
): string {
  const values = attributes.filter(([name]) => name === attribute).flatMap(([, all]) => all);
  const [value] = attribute === null ? [nameId.value] : values;
  if (attribute === null && nameId.format !== PERSISTENT)
    throw asFault(new SamlFault('subject', 'the NameID is not of the format persistent'));
  if (attribute !== null && values.length !== 1)
    throw asFault(new SamlFault('subject', `the attribute ${attribute} has not exactly one value`));
  if (value === undefined || value.length > 256 || value.trim() !== value || !/^[^\p{C}]+$/u.test(value))
    throw asFault(new SamlFault('subject', 'the name of the person is empty, too long, or not plain text'));
  return attribute === null ? value : `${attribute}=${value}`;
}
