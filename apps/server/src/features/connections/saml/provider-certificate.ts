import { readCertificate } from '../../../platform/crypto/index.ts';

/** What an administrator compares: a certificate is believed because it is this one, not because of who signed it or until when. */
export const factsOf = (certificate: string): { fingerprint: string; validUntil: string } => {
  const { fingerprint, validUntil } = readCertificate(Buffer.from(certificate, 'base64'));
  return { fingerprint, validUntil: validUntil.toISOString() };
};

/** The base64 of a certificate by whose key a response can be verified: RSA, of 2048 bits at least; else what is wrong with it. */
export function readProviderCertificate(text: string): { certificate: string } | { fault: string } {
  const bare = text.replaceAll(/-----(?:BEGIN|END) CERTIFICATE-----|\s/g, '');
  try {
    const { key, base64 } = readCertificate(Buffer.from(bare, 'base64'));
    if (key.type !== 'rsa') return { fault: 'is not of an RSA key' };
    if (key.bits < 2048) return { fault: 'is of a key that is shorter than 2048 bits' };
    // One spelling: what stands around it, or a second one behind it, is not kept.
    return { certificate: base64 };
  } catch {
    return { fault: 'is no X.509 certificate' };
  }
}
