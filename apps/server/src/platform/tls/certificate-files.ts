import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { type CertificateFacts, readCertificate } from '../crypto/certificate.ts';
import { Told } from '../told.ts';

/** Where the certificate chain and its private key lie, both in PEM. */
export interface CertificateFiles {
  certFile: string;
  keyFile: string;
}

/** A certificate that fits its key, ready to be served. */
export interface ServerCertificate {
  cert: string;
  key: string;
  facts: CertificateFacts;
}

/** The files cannot be served; the message names the setting and says what to do. */
export class CertificateError extends Told {}

/**
 * Reads both files and checks that they belong together.
 *
 * @throws {CertificateError}
 */
export function readCertificateFiles({ certFile, keyFile }: CertificateFiles): ServerCertificate {
  const cert = readPem('TLS_CERT_FILE', certFile);
  const key = readPem('TLS_KEY_FILE', keyFile);
  let facts: CertificateFacts;
  try {
    facts = readCertificate(cert);
  } catch {
    throw new CertificateError(`TLS_CERT_FILE holds no certificate in PEM: ${certFile}`);
  }
  try {
    createSecureContext({ cert, key });
  } catch {
    // OpenSSL's own words name neither file.
    throw new CertificateError(
      `TLS_KEY_FILE holds no private key in PEM, or not the one of the certificate, or it asks for a passphrase: ${keyFile}`,
    );
  }
  return { cert, key, facts };
}

function readPem(setting: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CertificateError(
      `${setting} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown fault'}): ${file}`,
    );
  }
}

/** Changes when either file was written or replaced; a symbolic link is followed, as secret mounts use them. */
export function versionOf({ certFile, keyFile }: CertificateFiles): string {
  try {
    return [certFile, keyFile]
      .map((file) => statSync(file))
      .map(({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`)
      .join(' ');
  } catch {
    // Between the removal of a file and its successor: what is served stays.
    return 'away';
  }
}
