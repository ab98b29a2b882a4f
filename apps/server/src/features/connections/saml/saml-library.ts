import { createRequire } from 'node:module';
import { LONGEST_AGE_MS, SKEW_MS } from './saml-limits.ts';

/** What is used of @node-saml/node-saml; its own types need the browser's. */
export interface SamlLibrary {
  validatePostResponseAsync(container: { SAMLResponse: string }): Promise<{
    profile: { getAssertionXml?(): string } | null;
  }>;
  getAuthorizeUrlAsync(
    relayState: string,
    host: string | undefined,
    options: { additionalParams?: Record<string, string> },
  ): Promise<string>;
  generateServiceProviderMetadata(decryptionCert: null, publicCerts: string | null): string;
}

/** Who speaks to whom: this service, for one connection, to one identity provider. */
export interface Parties {
  /** Our entity id, and the audience of assertions. */
  entityId: string;
  acsUrl: string;
  idpEntityId: string;
  ssoUrl: string;
  /** In base64. */
  certificates: readonly string[];
  signing: { privateKey: string; certificate: string } | null;
  /** What is asked for as the name of a person; null where an attribute names them. */
  nameIdFormat: string | null;
}

type Options = Record<string, unknown>;
const { SAML } = createRequire(import.meta.url)('@node-saml/node-saml') as {
  SAML: new (options: Options) => SamlLibrary;
};

/**
 * The library, with everything that it can check switched on.
 *
 * SECURITY: a response or its assertion is signed, by one of the certificates that the connection names and never by one that the
 * message brings. What is read afterwards are the signed bytes, parsed again (`getAssertionXml`). A request is answered by
 * its id, which this very sign-in has: the library asks for no other.
 */
export const samlLibrary = (parties: Parties, requestId: string, { anew = false } = {}): SamlLibrary =>
  new SAML({
    issuer: parties.entityId,
    audience: parties.entityId,
    callbackUrl: parties.acsUrl,
    entryPoint: parties.ssoUrl,
    idpIssuer: parties.idpEntityId,
    idpCert: [...parties.certificates],
    wantAuthnResponseSigned: false,
    wantAssertionsSigned: false,
    validateInResponseTo: 'always',
    cacheProvider: {
      saveAsync: async () => null,
      getAsync: async (id: string) => (id === requestId ? new Date().toISOString() : null),
      removeAsync: async () => null,
    },
    acceptedClockSkewMs: SKEW_MS,
    maxAssertionAgeMs: LONGEST_AGE_MS,
    identifierFormat: parties.nameIdFormat,
    // How people prove who they are there is the provider's to say: naming one way makes providers refuse the others.
    disableRequestedAuthnContext: true,
    generateUniqueId: () => requestId,
    // Whoever has a session there proves who they are all the same (SAML Core §3.4.1).
    forceAuthn: anew,
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    ...(parties.signing && {
      privateKey: parties.signing.privateKey,
      publicCert: parties.signing.certificate,
    }),
  });
