import type { SamlSettings } from '@gatehouse/contracts';
import { Problem } from '../../../platform/http/index.ts';
import { fault } from '../connection-rules.ts';
import { readProviderCertificate } from './provider-certificate.ts';
import type { ProviderMetadata } from './provider-metadata.ts';

/** What a connection keeps of its SAML provider, beside the entity id (`issuer`). */
export interface SamlConnection {
  ssoUrl: string;
  /** Where it was read from, if it was. */
  metadataUrl: string | null;
  /** In base64. */
  certificates: string[];
  signRequests: boolean;
  /** Ours, for the provider; the key is the connection's secret. */
  signingCertificate: string | null;
  subjectAttribute: string | null;
  emailAttribute: string | null;
  nameAttribute: string | null;
}

/** Each is tried on the whole document (docs/adr/0079). */
const MOST_CERTIFICATES = 3;

/**
 * What is written of a SAML provider after this change: of the metadata that were read, or by hand, over what was there before.
 *
 * @throws {Problem} `request.invalid`, `connections.metadata_refused`
 */
export function withSaml(
  before: { entityId: string; saml: SamlConnection } | undefined,
  input: SamlSettings,
  read: ProviderMetadata | undefined,
): { entityId: string; saml: Omit<SamlConnection, 'signingCertificate'> } {
  const byHand = ['entityId', 'ssoUrl', 'certificates'] as const;
  const metadataUrl = input.metadataUrl ?? undefined;
  const sources = [input.metadata, metadataUrl, byHand.find((name) => input[name] !== undefined)];
  if (sources.filter((each) => each !== undefined).length > 1)
    throw fault('saml', 'must have either metadata, or their address, or what is written by hand');
  if (before === undefined && read === undefined)
    for (const name of byHand)
      if (input[name] === undefined) throw fault(`saml/${name}`, 'must be named where there are no metadata');
  const facts = read ? checkMetadata(read) : undefined;
  const certificates = facts?.certificates ?? input.certificates?.map(readCertificate);
  const kept = before?.saml;
  const sourceUrl = sources.some((each) => each !== undefined) ? (metadataUrl ?? null) : undefined;
  const pick = <T>(wanted: T | undefined, was: T | undefined, otherwise: T): T =>
    wanted === undefined ? (was ?? otherwise) : wanted;
  return {
    entityId: pick(facts?.entityId ?? input.entityId, before?.entityId, ''),
    saml: {
      ssoUrl: pick(facts?.ssoUrl ?? input.ssoUrl, kept?.ssoUrl, ''),
      metadataUrl: pick(sourceUrl, kept?.metadataUrl, null),
      certificates: pick(certificates && [...new Set(certificates)], kept?.certificates, []),
      signRequests: pick(input.signRequests, kept?.signRequests, false),
      subjectAttribute: pick(input.subjectAttribute, kept?.subjectAttribute, null),
      emailAttribute: pick(input.emailAttribute, kept?.emailAttribute, null),
      nameAttribute: pick(input.nameAttribute, kept?.nameAttribute, null),
    },
  };
}

function readCertificate(text: string, index: number): string {
  const read = readProviderCertificate(text);
  if ('fault' in read) throw fault('saml/certificates', `have one (number ${index + 1}) that ${read.fault}`);
  return read.certificate;
}

/** SECURITY: metadata may say anything; the browser is sent to the address, and what signs by the certificates is believed. */
function checkMetadata({ entityId, ssoUrl, certificates }: ProviderMetadata): ProviderMetadata {
  if (!/^[\x21-\x7e]{1,1024}$/.test(entityId)) throw metadataRefused('their entityID is no URI');
  const url = URL.parse(ssoUrl);
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.href.length > 1000)
    throw metadataRefused('the address for sign-in requests is not an https:// address');
  url.hash = '';
  const usable = certificates
    .map((each) => readProviderCertificate(each))
    .flatMap((each) => ('certificate' in each ? [each.certificate] : []));
  if (usable.length === 0)
    throw metadataRefused('they name no certificate of an RSA key of 2048 bits or more');
  if (usable.length > MOST_CERTIFICATES) throw metadataRefused('they name more than three certificates');
  return { entityId, ssoUrl: url.href, certificates: usable };
}

export const metadataRefused = (why: string) =>
  new Problem('connections.metadata_refused', { detail: `The metadata are not taken: ${why}.` });
