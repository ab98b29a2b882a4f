import type { Parties } from './saml-library.ts';
import { LONGEST_AGE_MS, SKEW_MS } from './saml-limits.ts';
import { SamlFault, type SamlReason } from './saml-fault.ts';
import { ASSERTION, attributeOf, childrenOf, hasElements, isNamed, type XmlElement } from './xml.ts';

/** What the signed bytes say. */
export interface SignedAssertion {
  /** Of response and assertion: each is good once. */
  ids: string[];
  nameId: { value: string; format: string | undefined };
  /** Attributes by name; each with all of its values that are texts. */
  attributes: [name: string, values: string[]][];
  /** `AuthnInstant`, the earliest of several; null where there is none. In milliseconds, like the next. */
  authenticatedAt: number | null;
  /** `SessionNotOnOrAfter`, the earliest of several. */
  sessionEndsAt: number | null;
}

const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';

/**
 * Reads an assertion whose signature was verified, from the bytes that were signed. What the library lets pass when it is absent is
 * asked for here (SAML Profiles §4.1.4.2, §4.1.4.3).
 *
 * @throws {SamlFault}
 */
export function readAssertion(
  assertion: XmlElement,
  parties: Parties,
  { requestId, responseId, now }: { requestId: string; responseId: string; now: number },
): SignedAssertion {
  const id = attributeOf(assertion, 'ID');
  if (
    !isNamed(assertion, ASSERTION, 'Assertion') ||
    attributeOf(assertion, 'Version') !== '2.0' ||
    id === undefined ||
    id === ''
  )
    throw new SamlFault('structure', 'what is signed is no SAML 2.0 assertion');
  // SECURITY: the provider of this connection, and no other that signs by the same key (threats 1, 2).
  if (one(assertion, 'Issuer', 'issuer').textContent !== parties.idpEntityId)
    throw new SamlFault('issuer', 'the assertion is of another issuer');
  const issued = timeOf(assertion, 'IssueInstant');
  if (issued > now + SKEW_MS || issued < now - LONGEST_AGE_MS - SKEW_MS)
    throw new SamlFault('time', 'the assertion is too old, or of the future');
  const subject = one(assertion, 'Subject', 'subject');
  const nameId = readNameId(one(subject, 'NameID', 'subject'), parties);
  checkConfirmation(subject, parties.acsUrl, requestId, now);
  checkConditions(one(assertion, 'Conditions', 'structure'), parties.entityId, now);
  return {
    ids: [`response ${responseId}`, `assertion ${id}`],
    nameId,
    attributes: readAttributes(assertion),
    ...readSession(childrenOf(assertion, ASSERTION, 'AuthnStatement'), now),
  };
}

function one(parent: XmlElement, name: string, reason: SamlReason): XmlElement {
  const [only, ...more] = childrenOf(parent, ASSERTION, name);
  if (only === undefined || more.length > 0)
    throw new SamlFault(reason, `the assertion has not exactly one ${name}`);
  return only;
}

function timeOf(element: XmlElement, name: string): number {
  const time = Date.parse(attributeOf(element, name) ?? '');
  if (Number.isNaN(time)) throw new SamlFault('time', `the assertion has no time ${name}`);
  return time;
}

/** SECURITY: a persistent name is one in the space of this provider and this service; of another space it may be anybody's. */
function readNameId(element: XmlElement, { idpEntityId, entityId }: Parties): SignedAssertion['nameId'] {
  const qualifiers = [
    [attributeOf(element, 'NameQualifier'), idpEntityId],
    [attributeOf(element, 'SPNameQualifier'), entityId],
  ];
  if (hasElements(element) || qualifiers.some(([said, own]) => said !== undefined && said !== own))
    throw new SamlFault('subject', 'the NameID is of the space of somebody else');
  return { value: element.textContent ?? '', format: attributeOf(element, 'Format') };
}

/** One bearer confirmation at least that is for this address, this request and this moment. */
function checkConfirmation(subject: XmlElement, acsUrl: string, requestId: string, now: number): void {
  let why = new SamlFault('subject', 'the assertion confirms its subject in no way that is taken');
  for (const confirmation of childrenOf(subject, ASSERTION, 'SubjectConfirmation')) {
    if (attributeOf(confirmation, 'Method') !== BEARER) continue;
    const [data, ...more] = childrenOf(confirmation, ASSERTION, 'SubjectConfirmationData');
    if (data === undefined || more.length > 0) continue;
    if (attributeOf(data, 'Recipient') !== acsUrl)
      why = new SamlFault('recipient', 'the assertion is meant for another address (Recipient)');
    else if (attributeOf(data, 'InResponseTo') !== requestId)
      why = new SamlFault('in_response_to', 'the assertion answers no request of this sign-in');
    else if (data.hasAttribute('NotBefore') || timeOf(data, 'NotOnOrAfter') <= now - SKEW_MS)
      why = new SamlFault('time', 'the assertion came too late');
    else return;
  }
  throw why;
}

function checkConditions(conditions: XmlElement, entityId: string, now: number): void {
  if (timeOf(conditions, 'NotOnOrAfter') <= now - SKEW_MS)
    throw new SamlFault('time', 'the assertion came too late');
  if (conditions.hasAttribute('NotBefore') && timeOf(conditions, 'NotBefore') > now + SKEW_MS)
    throw new SamlFault('time', 'the assertion is not valid yet');
  const restrictions = childrenOf(conditions, ASSERTION, 'AudienceRestriction');
  const isForUs = (restriction: XmlElement) =>
    childrenOf(restriction, ASSERTION, 'Audience').some(({ textContent }) => textContent === entityId);
  if (restrictions.length === 0 || !restrictions.every(isForUs))
    throw new SamlFault('audience', 'the assertion is meant for another service (Audience)');
}

/** What is said of the session there (SAML Core §2.7.2). */
function readSession(
  statements: readonly XmlElement[],
  now: number,
): Pick<SignedAssertion, 'authenticatedAt' | 'sessionEndsAt'> {
  if (statements.length === 0)
    throw new SamlFault('structure', 'the assertion does not say that anybody signed in');
  const earliest = (name: string): number | null => {
    const times = statements.filter((each) => each.hasAttribute(name)).map((each) => timeOf(each, name));
    return times.length === 0 ? null : Math.min(...times);
  };
  const sessionEndsAt = earliest('SessionNotOnOrAfter');
  if (sessionEndsAt !== null && sessionEndsAt <= now)
    throw new SamlFault('time', 'the session there is over (SessionNotOnOrAfter)');
  const authenticatedAt = earliest('AuthnInstant');
  if (authenticatedAt !== null && authenticatedAt > now + SKEW_MS)
    throw new SamlFault('time', 'the person is said to sign in at a time to come (AuthnInstant)');
  return { authenticatedAt, sessionEndsAt };
}

function readAttributes(assertion: XmlElement): SignedAssertion['attributes'] {
  const values = new Map<string, string[]>();
  for (const statement of childrenOf(assertion, ASSERTION, 'AttributeStatement'))
    for (const attribute of childrenOf(statement, ASSERTION, 'Attribute')) {
      const name = attributeOf(attribute, 'Name');
      if (name === undefined) continue;
      const texts = childrenOf(attribute, ASSERTION, 'AttributeValue')
        .filter((value) => !hasElements(value))
        .map(({ textContent }) => textContent ?? '');
      values.set(name, [...(values.get(name) ?? []), ...texts]);
    }
  return [...values];
}
