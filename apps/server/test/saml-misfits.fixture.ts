import { type Awkward, evil, nameIdOf, swap } from './saml-forgeries.fixture.ts';

const past = new Date(Date.now() - 30 * 60_000).toISOString();
const future = new Date(Date.now() + 30 * 60_000).toISOString();
const time = (name: string, value: string) => (xml: string) =>
  xml.replaceAll(new RegExp(` ${name}="[^"]*"`, 'g'), ` ${name}="${value}"`);

/** Responses that the provider signed, and that are for somebody else, of another time, or name nobody. */
export const MISFITS: Awkward[] = [
  // For somebody else, of somebody else, of another time; signed all the same.
  [
    'another audience',
    'audience',
    { edit: swap(/<saml:Audience>.*?</, '<saml:Audience>https://other.example<') },
  ],
  ['no audience', 'audience', { edit: swap(/<saml:AudienceRestriction>.*<\/saml:AudienceRestriction>/, '') }],
  [
    'a second restriction, to another audience',
    'audience',
    {
      edit: swap(
        '</saml:AudienceRestriction>',
        '</saml:AudienceRestriction><saml:AudienceRestriction><saml:Audience>https://other.example</saml:Audience></saml:AudienceRestriction>',
      ),
    },
  ],
  ['no conditions', 'structure', { edit: swap(/<saml:Conditions.*<\/saml:Conditions>/, '') }],
  [
    'another recipient',
    'recipient',
    { edit: swap(/ Recipient="[^"]*"/, ' Recipient="https://other.example/acs"') },
  ],
  ['no recipient', 'recipient', { edit: swap(/ Recipient="[^"]*"/, '') }],
  [
    'another destination',
    'destination',
    { edit: swap(/ Destination="[^"]*"/, ' Destination="https://other.example/acs"') },
  ],
  [
    'no destination, where the response is signed',
    'destination',
    { sign: ['Response'], edit: swap(/ Destination="[^"]*"/, '') },
  ],
  [
    'another request',
    'in_response_to',
    { edit: (xml) => xml.replaceAll(/InResponseTo="[^"]*"/g, 'InResponseTo="_other"') },
  ],
  [
    'another request of the assertion',
    'in_response_to',
    { edit: swap(/(Recipient="[^"]*" )InResponseTo="[^"]*"/, '$1InResponseTo="_other"') },
  ],
  ['no request', 'in_response_to', { edit: (xml) => xml.replaceAll(/ InResponseTo="[^"]*"/g, '') }],
  [
    'no request of the assertion',
    'in_response_to',
    { edit: swap(/(Recipient="[^"]*") InResponseTo="[^"]*"/, '$1') },
  ],
  [
    'another issuer',
    'issuer',
    { edit: (xml) => xml.replaceAll(/<saml:Issuer>.*?</g, '<saml:Issuer>https://idp.globex.example<') },
  ],
  [
    'another issuer of the assertion',
    'issuer',
    { edit: swap(/(<saml:Assertion[^>]*><saml:Issuer>).*?</, '$1https://idp.globex.example<') },
  ],
  [
    'expired conditions',
    'time',
    { edit: swap(/(<saml:Conditions[^>]*) NotOnOrAfter="[^"]*"/, `$1 NotOnOrAfter="${past}"`) },
  ],
  ['everything expired', 'time', { edit: time('NotOnOrAfter', past) }],
  ['no end of its conditions', 'time', { edit: swap(/(<saml:Conditions[^>]*) NotOnOrAfter="[^"]*"/, '$1') }],
  [
    'no end of its confirmation',
    'time',
    { edit: swap(/(<saml:SubjectConfirmationData) NotOnOrAfter="[^"]*"/, '$1') },
  ],
  ['not valid yet', 'time', { edit: time('NotBefore', future) }],
  ['made long ago', 'time', { edit: time('IssueInstant', past) }],
  ['times that are none', 'time', { edit: time('NotOnOrAfter', 'soon') }],
  // Whom it means.
  ['no subject', 'subject', { edit: swap(/<saml:Subject>.*<\/saml:Subject>/, '') }],
  ['no name', 'subject', { edit: swap(nameIdOf, '') }],
  ['two names', 'subject', { edit: swap('<saml:NameID', `${evil}<saml:NameID`) }],
  ['an empty name', 'subject', { edit: swap(nameIdOf, evil.replace('admin', '')) }],
  ['a name with blanks around it', 'subject', { edit: swap(nameIdOf, evil.replace('admin', ' admin ')) }],
  ['a transient name', 'subject', { edit: swap('nameid-format:persistent', 'nameid-format:transient') }],
  [
    'an address for a name',
    'subject',
    { edit: swap('SAML:2.0:nameid-format:persistent', 'SAML:1.1:nameid-format:emailAddress') },
  ],
  [
    'a name of another space',
    'subject',
    { edit: swap('<saml:NameID', '<saml:NameID NameQualifier="https://idp.globex.example"') },
  ],
  [
    'a name for another service',
    'subject',
    { edit: swap('<saml:NameID', '<saml:NameID SPNameQualifier="https://other.example"') },
  ],
  ['confirmed by a key', 'subject', { edit: swap('cm:bearer', 'cm:holder-of-key') }],
  ['nobody signed in', 'structure', { edit: swap(/<saml:AuthnStatement[^>]*>/, '') }],
  ['another version', 'structure', { edit: (xml) => xml.replaceAll('Version="2.0"', 'Version="1.1"') }],
];
