import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** What a certificate says about itself (RFC 5280). */
export interface CertificateFacts {
  validFrom: Date;
  validUntil: Date;
  /** SHA-256 of the whole, as browsers show it. */
  fingerprint: string;
  /** Whether it is for this host: a DNS name, with wildcards (RFC 9525 §6.3), or an address. */
  isFor(host: string): boolean;
}

/**
 * Reads the first certificate of a PEM chain.
 *
 * @throws when the text holds no certificate.
 */
export function readCertificate(pem: string): CertificateFacts {
  const certificate = new X509Certificate(pem);
  return {
    validFrom: new Date(certificate.validFrom),
    validUntil: new Date(certificate.validTo),
    fingerprint: certificate.fingerprint256,
    isFor(host) {
      const address = host.replace(/^\[(.*)\]$/, '$1');
      return (isIP(address) ? certificate.checkIP(address) : certificate.checkHost(address)) !== undefined;
    },
  };
}
