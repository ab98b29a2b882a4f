import { SamlFault } from './saml-fault.ts';
import {
  attributeOf,
  checkText,
  childrenOf,
  everyElement,
  isNamed,
  METADATA,
  parse,
  PROTOCOL,
  SIGNATURE,
  type XmlElement,
} from './xml.ts';

/** What the metadata of an identity provider say of it (SAML Metadata §2.4.3). */
export interface ProviderMetadata {
  entityId: string;
  ssoUrl: string;
  /** In base64, as they stand there. */
  certificates: string[];
}

const MOST_ELEMENTS = 5000;
const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';

/**
 * Reads the metadata of exactly one identity provider. A signature on them is not judged: they are believed because an
 * administrator pasted them, or named the https address that they came from.
 *
 * @throws {SamlFault}
 */
export function readProviderMetadata(xml: string): ProviderMetadata {
  // People write comments into metadata; nothing is signed here that they could cut in two.
  const root = parse(checkText(withoutComments(xml), MOST_ELEMENTS));
  const providers = everyElement(root).filter((each) => isNamed(each, METADATA, 'IDPSSODescriptor'));
  const [provider, ...more] = providers;
  if (provider === undefined || more.length > 0)
    throw new SamlFault('structure', 'they describe no identity provider, or more than one');
  const entity = provider.parentNode as XmlElement;
  const entityId = isNamed(entity, METADATA, 'EntityDescriptor')
    ? attributeOf(entity, 'entityID')
    : undefined;
  if (entityId === undefined) throw new SamlFault('structure', 'the provider has no entityID');
  if (!(attributeOf(provider, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(PROTOCOL))
    throw new SamlFault('structure', 'the provider does not speak SAML 2.0');
  const service = childrenOf(provider, METADATA, 'SingleSignOnService').find(
    (each) => attributeOf(each, 'Binding') === REDIRECT,
  );
  const ssoUrl = service && attributeOf(service, 'Location');
  if (ssoUrl === undefined)
    throw new SamlFault('structure', 'the provider takes no requests by HTTP redirect (SingleSignOnService)');
  const certificates = childrenOf(provider, METADATA, 'KeyDescriptor')
    .filter((key) => (attributeOf(key, 'use') ?? 'signing') === 'signing')
    .flatMap((key) => everyElement(key).filter((each) => isNamed(each, SIGNATURE, 'X509Certificate')))
    .map(({ textContent }) => (textContent ?? '').replaceAll(/\s/g, ''));
  return { entityId, ssoUrl, certificates: [...new Set(certificates)] };
}

/** In time that grows with the length: an expression would look for the end of each comment to the end of the text. */
const withoutComments = (xml: string): string =>
  xml
    .split('<!--')
    .map((part, index) => {
      const end = part.indexOf('-->');
      if (index === 0) return part;
      return end < 0 ? `<!--${part}` : part.slice(end + 3);
    })
    .join('');
