import type { Parties } from './saml-library.ts';
import { SamlFault } from './saml-fault.ts';
import {
  ASSERTION,
  attributeOf,
  childrenOf,
  everyElement,
  isNamed,
  PROTOCOL,
  SIGNATURE,
  type XmlElement,
} from './xml.ts';

const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';
/** SECURITY: no SHA-1, no keyed hash (whose key would be the public one), no transform that cuts out or rewrites. */
const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  SignatureMethod: [
    'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
    'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
  ],
  DigestMethod: ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512'],
  CanonicalizationMethod: [
    'http://www.w3.org/2001/10/xml-exc-c14n#',
    'http://www.w3.org/TR/2001/REC-xml-c14n-20010315',
    'http://www.w3.org/2001/10/xml-exc-c14n#WithComments',
  ],
  Transform: [
    'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
    'http://www.w3.org/2001/10/xml-exc-c14n#',
    'http://www.w3.org/2001/10/xml-exc-c14n#WithComments',
    'http://www.w3.org/TR/2001/REC-xml-c14n-20010315',
  ],
};

/**
 * Whether a response has the one form that is taken: one assertion, signed itself or by the response around it, and nothing that one
 * reader could take for what another has verified.
 *
 * SECURITY: of all this only the assertion is sure to be signed. Nothing here lets anybody in; it only refuses (threat 67).
 *
 * @throws {SamlFault}
 */
export function checkStructure(
  root: XmlElement,
  { acsUrl, idpEntityId }: Pick<Parties, 'acsUrl' | 'idpEntityId'>,
  requestId: string,
): { responseId: string } {
  if (!isNamed(root, PROTOCOL, 'Response') || attributeOf(root, 'Version') !== '2.0')
    throw new SamlFault('structure', 'it is no SAML 2.0 response');
  const responseId = attributeOf(root, 'ID');
  if (responseId === undefined || responseId === '')
    throw new SamlFault('structure', 'the response has no ID');
  checkStatus(root);
  const elements = everyElement(root);
  const named = (name: string) => elements.filter(({ localName }) => localName === name);
  if (named('EncryptedAssertion').length > 0 || named('EncryptedID').length > 0)
    throw new SamlFault('encrypted', 'its assertion is encrypted, which is not taken');
  // By local name, in whatever namespace: the library looks for them so.
  const [assertion, ...more] = named('Assertion');
  if (
    assertion === undefined ||
    more.length > 0 ||
    assertion.parentNode !== root ||
    !isNamed(assertion, ASSERTION, 'Assertion') ||
    named('Response').length !== 1
  )
    throw new SamlFault('structure', 'it does not hold exactly one assertion, right below the response');
  checkIds(elements);
  checkSignatures(root, assertion, elements);
  if (attributeOf(root, 'InResponseTo') !== requestId)
    throw new SamlFault('in_response_to', 'the response answers no request of this sign-in');
  const destination = attributeOf(root, 'Destination');
  const isSigned = childrenOf(root, SIGNATURE, 'Signature').length > 0;
  if (destination === undefined ? isSigned : destination !== acsUrl)
    throw new SamlFault('destination', 'the response is meant for another address (Destination)');
  const issuers = childrenOf(root, ASSERTION, 'Issuer');
  if (issuers.length > 1 || issuers.some(({ textContent }) => textContent !== idpEntityId))
    throw new SamlFault('issuer', 'the response is of another issuer');
  return { responseId };
}

function checkStatus(root: XmlElement): void {
  const [status, ...more] = childrenOf(root, PROTOCOL, 'Status');
  const codes = status === undefined ? [] : childrenOf(status, PROTOCOL, 'StatusCode');
  if (more.length > 0 || codes.length !== 1) throw new SamlFault('structure', 'it has not one status');
  const [code] = codes as [XmlElement];
  if (attributeOf(code, 'Value') === SUCCESS) return;
  const nested = childrenOf(code, PROTOCOL, 'StatusCode').map((each) => attributeOf(each, 'Value'));
  const words = [attributeOf(code, 'Value'), ...nested].map((word) => word?.split(':').at(-1) ?? 'nothing');
  throw new SamlFault('status', `the provider answered ${words.join(', ')}`);
}

/** SECURITY: a signature names what it signs by an id; what two elements have means neither (signature wrapping). */
function checkIds(elements: readonly XmlElement[]): void {
  const seen = new Set<string>();
  for (const { attributes } of elements)
    for (let i = 0; i < attributes.length; i += 1) {
      const attribute = attributes.item(i);
      if (attribute === null || !/^(?:.*:)?id$/i.test(attribute.name)) continue;
      if (seen.has(attribute.value)) throw new SamlFault('structure', 'two of its elements have one ID');
      seen.add(attribute.value);
    }
}

function checkSignatures(root: XmlElement, assertion: XmlElement, elements: readonly XmlElement[]): void {
  const signatures = elements.filter(({ localName }) => localName === 'Signature');
  if (signatures.length === 0) throw new SamlFault('signature', 'nothing of it is signed');
  for (const signature of signatures)
    if (
      signature.namespaceURI !== SIGNATURE ||
      (signature.parentNode !== root && signature.parentNode !== assertion)
    )
      throw new SamlFault('structure', 'a signature stands where none belongs');
  for (const parent of [root, assertion]) {
    const [signature, ...more] = childrenOf(parent, SIGNATURE, 'Signature');
    if (more.length > 0) throw new SamlFault('structure', 'it is signed twice in one place');
    const references = signature ? everyElement(signature).filter((it) => it.localName === 'Reference') : [];
    // What it stands in, and nothing else (SAML Core §5.4.2).
    if (references.some((each) => attributeOf(each, 'URI') !== `#${attributeOf(parent, 'ID')}`))
      throw new SamlFault('structure', 'a signature is of something else than what it stands in');
  }
  for (const { localName } of elements)
    if (localName === 'Object' || localName === 'Manifest')
      throw new SamlFault('structure', 'a signature carries something else');
  for (const name of ['SignedInfo', 'SignatureValue', 'Reference', 'DigestValue', 'SignatureMethod'])
    if (elements.filter(({ localName }) => localName === name).length !== signatures.length)
      throw new SamlFault('structure', `a signature has not one ${name}`);
  for (const element of elements) {
    const allowed = ALGORITHMS[element.localName];
    if (allowed !== undefined && !allowed.includes(attributeOf(element, 'Algorithm') ?? ''))
      throw new SamlFault('algorithm', `its ${element.localName} is not one that is taken`);
  }
}
