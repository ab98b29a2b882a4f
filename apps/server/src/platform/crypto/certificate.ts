import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** What a certificate says about itself (RFC 5280). */
export interface CertificateFacts {
  validFrom: Date;
  validUntil: Date;
  /** SHA-256 of the whole, as browsers show it. */
  fingerprint: string;
  /** Its bytes, in base64. */
  base64: string;
  key: { type: string; bits: number };
  /** Whether it is for this host: a DNS name, with wildcards (RFC 9525 §6.3), or an address. */
  isFor(host: string): boolean;
}

/**
 * Reads the first certificate of a PEM chain, or one as bytes.
 *
 * @throws when it is no certificate.
 */
export function readCertificate(from: string | Buffer): CertificateFacts {
  const certificate = new X509Certificate(from);
  return {
    validFrom: new Date(certificate.validFrom),
    validUntil: new Date(certificate.validTo),
    fingerprint: certificate.fingerprint256,
    base64: certificate.raw.toString('base64'),
    key: {
      type: certificate.publicKey.asymmetricKeyType ?? 'unknown',
      bits: certificate.publicKey.asymmetricKeyDetails?.modulusLength ?? 0,
    },
    isFor(host) {
      const address = host.replace(/^\[(.*)\]$/, '$1');
      return (isIP(address) ? certificate.checkIP(address) : certificate.checkHost(address)) !== undefined;
    },
  };
}
