import { C14N, type Forging, type Key } from './saml-provider.fixture.ts';

/** What is wrong with a response, the word by which an administrator finds it, and how it is made. */
export type Awkward = [what: string, reason: string, how: Forging];

export const evil =
  '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">admin</saml:NameID>';
export const swap = (from: string | RegExp, to: string) => (xml: string) => {
  const changed = xml.replace(from, to);
  if (changed === xml) throw new Error(`nothing of the document is ${String(from)}`);
  return changed;
};
export const nameIdOf = /<saml:NameID.*?<\/saml:NameID>/;
const assertionOf = (xml: string) => /<saml:Assertion.*<\/saml:Assertion>/s.exec(xml)?.[0] ?? '';
const signatureOf = (xml: string) => /<Signature.*<\/Signature>/s.exec(xml)?.[0] ?? '';
const unsigned = (xml: string) => xml.replace(signatureOf(xml), '');
/** The assertion that nobody signed: of somebody else, with an id of its own. */
const evilAssertion = (xml: string) =>
  unsigned(assertionOf(xml))
    .replace(nameIdOf, evil)
    .replace(/ID="_assertion/, 'ID="_evil');
const dsig = 'http://www.w3.org/2000/09/xmldsig#';

/** Responses that the provider did not sign as they stand, or that readers would read in different ways. */
export const forgeries = (stranger: Key): Awkward[] => [
  // Not signed, or by nobody who counts.
  ['nothing is signed', 'signature', { sign: [] }],
  [
    'by a stranger',
    'signature',
    {
      key: stranger,
    },
  ],
  ['the signature is taken away', 'signature', { after: unsigned }],
  ['the name is another one', 'signature', { after: swap(nameIdOf, evil) }],
  [
    'a group is added',
    'signature',
    {
      after: swap(
        '</saml:AttributeStatement>',
        '<saml:Attribute Name="groups"><saml:AttributeValue>noc</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>',
      ),
    },
  ],
  [
    'the signature value is another one',
    'signature',
    { after: swap(/<SignatureValue>..../, '<SignatureValue>AAAA') },
  ],
  ['the digest is another one', 'signature', { after: swap(/<DigestValue>..../, '<DigestValue>AAAA') }],
  [
    'the certificate is that of the message',
    'signature',
    {
      key: stranger,
      sign: ['Response'],
    },
  ],
  [
    'the response is changed around what it signs',
    'signature',
    { sign: ['Response'], after: swap(nameIdOf, evil) },
  ],
  // Algorithms.
  ['SHA-1 signs', 'algorithm', { signatureAlgorithm: `${dsig}rsa-sha1` }],
  ['SHA-1 digests', 'algorithm', { digestAlgorithm: `${dsig}sha1` }],
  [
    'a keyed hash, of the public key',
    'algorithm',
    { after: swap('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', `${dsig}hmac-sha1`) },
  ],
  [
    'a transform by stylesheet',
    'algorithm',
    { after: swap(`${dsig}enveloped-signature`, 'http://www.w3.org/TR/1999/REC-xslt-19991116') },
  ],
  [
    'a transform by XPath',
    'algorithm',
    { after: swap(`${dsig}enveloped-signature`, 'http://www.w3.org/TR/1999/REC-xpath-19991116') },
  ],
  [
    'no algorithm',
    'algorithm',
    { after: swap(' Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"', '') },
  ],
  // Wrapping: what was signed is there, and something else beside it (XSW 1 to 8).
  [
    'another assertion before the signed one',
    'structure',
    { after: (xml) => xml.replace('<saml:Assertion', `${evilAssertion(xml)}<saml:Assertion`) },
  ],
  [
    'another assertion behind it',
    'structure',
    { after: (xml) => xml.replace('</samlp:Response>', `${evilAssertion(xml)}</samlp:Response>`) },
  ],
  [
    'the signed one inside another one',
    'structure',
    {
      after: (xml) =>
        xml.replace(
          assertionOf(xml),
          evilAssertion(xml).replace('</saml:Assertion>', `${assertionOf(xml)}</saml:Assertion>`),
        ),
    },
  ],
  [
    'the signed one inside extensions',
    'structure',
    {
      after: (xml) =>
        xml
          .replace('<samlp:Status>', `<samlp:Extensions>${assertionOf(xml)}</samlp:Extensions><samlp:Status>`)
          .replace(
            /(<\/samlp:Status>)<saml:Assertion.*<\/saml:Assertion>/s,
            (_, end: string) => end + evilAssertion(xml),
          ),
    },
  ],
  [
    'the signed one inside an object of the signature',
    'structure',
    {
      after: (xml) =>
        xml.replace(
          assertionOf(xml),
          evilAssertion(xml).replace(
            '</saml:Issuer>',
            `</saml:Issuer>${signatureOf(xml).replace('</Signature>', `<Object>${unsigned(assertionOf(xml))}</Object></Signature>`)}`,
          ),
        ),
    },
  ],
  [
    'the same id twice',
    'structure',
    {
      after: (xml) =>
        xml.replace(
          '<samlp:Status>',
          `<samlp:Extensions><x ID="${/<saml:Assertion ID="([^"]*)/.exec(xml)?.[1]}"/></samlp:Extensions><samlp:Status>`,
        ),
    },
  ],
  [
    'the id of the response is that of the assertion',
    'structure',
    {
      edit: (xml) =>
        xml.replace(
          /<samlp:Response(.*?) ID="[^"]*"/,
          (_, a: string) => `<samlp:Response${a} ID="${/<saml:Assertion ID="([^"]*)/.exec(xml)?.[1]}"`,
        ),
    },
  ],
  [
    'a response inside the response',
    'structure',
    {
      sign: ['Response'],
      after: (xml) =>
        `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_o" Version="2.0"><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>${xml}</samlp:Response>`,
    },
  ],
  [
    'an assertion of another namespace beside it',
    'structure',
    {
      after: (xml) => xml.replace('</samlp:Response>', '<Assertion xmlns="urn:x" ID="_x"/></samlp:Response>'),
    },
  ],
  [
    'the assertion is one of SAML 1.1',
    'structure',
    {
      edit: (xml) =>
        xml.replaceAll('urn:oasis:names:tc:SAML:2.0:assertion', 'urn:oasis:names:tc:SAML:1.0:assertion'),
    },
  ],
  [
    'the signature stands elsewhere',
    'structure',
    {
      after: (xml) =>
        unsigned(xml).replace(
          '<samlp:Status>',
          `<samlp:Extensions>${signatureOf(xml)}</samlp:Extensions><samlp:Status>`,
        ),
    },
  ],
  ['two signatures in one place', 'structure', { sign: ['Assertion', 'Assertion'] }],
  [
    'two signed infos',
    'structure',
    {
      after: (xml) =>
        xml.replace('</SignedInfo>', `</SignedInfo>${/<SignedInfo.*<\/SignedInfo>/s.exec(xml)?.[0]}`),
    },
  ],
  [
    'two references',
    'structure',
    {
      after: (xml) =>
        xml.replace('</Reference>', `</Reference>${/<Reference.*<\/Reference>/s.exec(xml)?.[0]}`),
    },
  ],
  [
    'two digests',
    'structure',
    { after: swap('</DigestValue>', '</DigestValue><DigestValue>AAAA</DigestValue>') },
  ],
  ['a reference to the whole document', 'structure', { after: swap(/URI="#[^"]*"/, 'URI=""') }],
  [
    'a reference to something outside',
    'structure',
    { after: swap(/URI="#[^"]*"/, 'URI="https://evil.example/a.xml"') },
  ],
  ['no assertion at all', 'structure', { sign: [], edit: (xml) => xml.replace(assertionOf(xml), '') }],
  // What readers read in different ways.
  [
    'a comment in the name',
    'xml',
    {
      edit: swap(
        nameIdOf,
        '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">admin<!-- -->.evil</saml:NameID>',
      ),
    },
  ],
  [
    'a comment in the name, signed with comments',
    'xml',
    {
      canonicalization: `${C14N}WithComments`,
      edit: swap(
        nameIdOf,
        '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">admin<!-- -->.evil</saml:NameID>',
      ),
    },
  ],
  ['a comment in the digest', 'xml', { after: swap('<DigestValue>', '<DigestValue><!-- AAAA -->') }],
  ['a document type', 'xml', { after: (xml) => `<!DOCTYPE samlp:Response>${xml}` }],
  [
    'an entity of its own',
    'xml',
    {
      after: (xml) =>
        `<!DOCTYPE r [<!ENTITY who "admin">]>${xml.replace(nameIdOf, evil.replace('admin', '&who;'))}`,
    },
  ],
  [
    'an entity from a file',
    'xml',
    {
      after: (xml) =>
        `<!DOCTYPE r [<!ENTITY who SYSTEM "file:///etc/passwd">]>${xml.replace('first', '&who;')}`,
    },
  ],
  [
    'entities that grow',
    'xml',
    { after: (xml) => `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>${xml}` },
  ],
  ['an entity that nobody declared', 'xml', { after: swap(nameIdOf, evil.replace('admin', '&who;')) }],
  ['a section', 'xml', { edit: swap(nameIdOf, evil.replace('admin', '<![CDATA[admin]]>')) }],
  ['an instruction', 'xml', { edit: swap(nameIdOf, evil.replace('admin', 'admin<?x y?>.evil')) }],
  ['markup that is not closed', 'xml', { after: swap('</samlp:Response>', '') }],
  ['another encoding', 'xml', { after: (xml) => Buffer.from(xml, 'utf16le').toString('latin1') }],
  [
    'fifteen thousand elements',
    'xml',
    {
      sign: [],
      edit: swap('</saml:AttributeStatement>', `${'<a/>'.repeat(15_000)}</saml:AttributeStatement>`),
    },
  ],
  [
    'elements within elements',
    'signature',
    {
      sign: [],
      edit: swap(
        '</saml:AttributeStatement>',
        `${'<a>'.repeat(2500)}${'</a>'.repeat(2500)}</saml:AttributeStatement>`,
      ),
    },
  ],
  // Encrypted.
  [
    'an encrypted assertion',
    'encrypted',
    { after: (xml) => xml.replace(assertionOf(xml), '<saml:EncryptedAssertion/>') },
  ],
];
