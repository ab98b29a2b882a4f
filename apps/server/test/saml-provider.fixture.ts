import { createRequire } from 'node:module';
import { generate } from 'selfsigned';

const load = createRequire(import.meta.url);
/** The identity provider of another author; its packages have no types. */
const samlp = load('samlp') as {
  parseRequest(request: object, done: (error: Error | null, read: SamlRequest) => void): void;
  auth(
    options: Record<string, unknown>,
  ): (request: object, response: object, next: (e: Error) => void) => void;
};
const { SignedXml } = load('xml-crypto') as {
  SignedXml: new (
    options: Record<string, string>,
  ) => {
    addReference(reference: { xpath: string; transforms: string[]; digestAlgorithm: string }): void;
    computeSignature(xml: string, options: { location: { reference: string; action: string } }): void;
    getSignedXml(): string;
  };
};

/** What our request says. */
export interface SamlRequest {
  id: string;
  issuer: string;
  assertionConsumerServiceURL: string;
  destination: string;
  query: Record<string, string>;
}

export interface Person {
  nameId: string;
  email: string;
  name?: string;
  groups?: string[];
}

export interface Key {
  cert: string;
  private: string;
}

export const makeKey = async (name: string, more: object = {}): Promise<Key> =>
  generate([{ name: 'commonName', value: name }], { keySize: 2048, algorithm: 'sha256', ...more });

/** Who signs, and under which name. */
export interface SamlProvider {
  entityId: string;
  key: Key;
}

const bare = (pem: string) => pem.replaceAll(/-----[A-Z ]+-----|\s/g, '');

export const metadataOf = (
  entityId: string,
  certificates: string[],
  more = '',
): string => `<?xml version="1.0"?>
<!-- as people write them -->
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entityId}">
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    ${certificates
      .map(
        (pem) =>
          `<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>
${bare(pem)}
</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`,
      )
      .join('')}${more}
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${entityId}/post"/>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${entityId}/sso"/>
  </IDPSSODescriptor>
</EntityDescriptor>`;

/** Reads our request, as an identity provider does. */
export function readRequest(location: string): Promise<SamlRequest> {
  const query = Object.fromEntries(new URL(location).searchParams);
  return new Promise((resolve, reject) =>
    samlp.parseRequest({ method: 'GET', query }, (error, read) =>
      error ? reject(error) : resolve({ ...read, query }),
    ),
  );
}

/** The response of an identity provider that behaves. */
export function respond(
  { entityId, key }: SamlProvider,
  request: SamlRequest,
  person: Person,
  options: Record<string, unknown> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const handler = samlp.auth({
      issuer: entityId,
      cert: key.cert,
      key: key.private,
      lifetimeInSeconds: 300,
      destination: request.assertionConsumerServiceURL,
      recipient: request.assertionConsumerServiceURL,
      getUserFromRequest: () => person,
      getPostURL: (
        _issuer: unknown,
        _request: unknown,
        _http: unknown,
        done: (e: null, url: string) => void,
      ) => done(null, request.assertionConsumerServiceURL),
      profileMapper: () => ({
        getClaims: () => ({
          email: person.email,
          name: person.name ?? 'Ada Lovelace',
          ...(person.groups && { groups: person.groups }),
        }),
        getNameIdentifier: () => ({
          nameIdentifier: person.nameId,
          nameIdentifierFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
        }),
      }),
      responseHandler: (xml: Buffer) => resolve(xml.toString('utf8')),
      ...options,
    });
    handler({ method: 'GET', query: request.query }, { send: reject }, reject);
  });
}

const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
export const C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';

export interface Forging {
  /** Of the document before it is signed. */
  edit?: (xml: string) => string;
  /** What is signed, in that order. */
  sign?: ('Assertion' | 'Response')[];
  key?: Key;
  signatureAlgorithm?: string;
  digestAlgorithm?: string;
  canonicalization?: string;
  /** Of the document after it was signed. */
  after?: (xml: string) => string;
}

/** A response made by hand: all that is right, but for what a test changes. */
export function forge(
  { entityId, key }: SamlProvider,
  request: SamlRequest,
  person: Person,
  how: Forging = {},
): string {
  const edited = (how.edit ?? ((xml: string) => xml))(documentOf(entityId, request, person));
  const signed = (how.sign ?? ['Assertion']).reduce(
    (xml, what) => signXml(xml, what, how.key ?? key, how),
    edited,
  );
  return (how.after ?? ((xml: string) => xml))(signed);
}

export function signXml(xml: string, what: string, key: Key, how: Forging = {}): string {
  const element = `//*[local-name(.)='${what}']`;
  const canonicalization = how.canonicalization ?? C14N;
  const signature = new SignedXml({
    privateKey: key.private,
    publicCert: key.cert,
    signatureAlgorithm: how.signatureAlgorithm ?? RSA_SHA256,
    canonicalizationAlgorithm: canonicalization,
  });
  signature.addReference({
    xpath: element,
    transforms: [ENVELOPED, canonicalization],
    digestAlgorithm: how.digestAlgorithm ?? SHA256,
  });
  signature.computeSignature(xml, {
    location: { reference: `${element}/*[local-name(.)='Issuer']`, action: 'after' },
  });
  return signature.getSignedXml();
}

const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
const attribute = (name: string, values: string[]) =>
  `<saml:Attribute Name="${name}">${values
    .map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`)
    .join('')}</saml:Attribute>`;

let made = 0;
function documentOf(entityId: string, request: SamlRequest, person: Person): string {
  made += 1;
  const acs = request.assertionConsumerServiceURL;
  return `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_response-${made}" Version="2.0" IssueInstant="${at(0)}" Destination="${acs}" InResponseTo="${request.id}"><saml:Issuer>${entityId}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion ID="_assertion-${made}" Version="2.0" IssueInstant="${at(0)}"><saml:Issuer>${entityId}</saml:Issuer><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">${person.nameId}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="${at(5)}" Recipient="${acs}" InResponseTo="${request.id}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${at(-1)}" NotOnOrAfter="${at(5)}"><saml:AudienceRestriction><saml:Audience>${request.issuer}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="${at(0)}"/><saml:AttributeStatement>${attribute('email', [person.email])}${attribute('groups', person.groups ?? [])}</saml:AttributeStatement></saml:Assertion></samlp:Response>`;
}
