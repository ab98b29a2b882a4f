import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { readCertificate } from '../crypto/certificate.ts';
import { makeDataFolder, makeFolder } from '../data-folder.ts';
import type { CertificateFiles } from './certificate-files.ts';

const DAYS = 86_400_000;
const LIFETIME = 90 * DAYS;
const RENEWED_BEFORE_END = 30 * DAYS;

/**
 * A certificate for this machine's own names, made once in the data folder and again when it ends or a name is missing.
 *
 * SECURITY: it signs itself and can sign nothing else. Whoever trusts it trusts one server; a local authority, once trusted,
 * could vouch for every site there is to whoever reads its key.
 */
export async function developmentCertificate(dataDir: string, publicHost: string): Promise<CertificateFiles> {
  const folder = join(dataDir, 'tls');
  const files = { certFile: join(folder, 'development.crt'), keyFile: join(folder, 'development.key') };
  const names = [
    ...new Set(['localhost', publicHost.replace(/^\[(.*)\]$/, '$1'), hostname(), ...addresses()]),
  ];
  makeDataFolder(dataDir);
  makeFolder(folder, 0o700);
  if (isStillGood(files, names)) return files;
  // Loaded where it is needed only: a server in production never has it in memory.
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: 'Gatehouse on this machine' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + LIFETIME),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  });
  replace(files.keyFile, made.private, 0o600);
  replace(files.certFile, made.cert, 0o644);
  return files;
}

function isStillGood({ certFile, keyFile }: CertificateFiles, names: string[]): boolean {
  if (!existsSync(certFile) || !existsSync(keyFile)) return false;
  try {
    const { validUntil, isFor } = readCertificate(readFileSync(certFile, 'utf8'));
    return validUntil.getTime() - Date.now() > RENEWED_BEFORE_END && names.every(isFor);
  } catch {
    return false;
  }
}

function replace(file: string, content: string, mode: number): void {
  writeFileSync(`${file}.new`, content, { mode });
  renameSync(`${file}.new`, file);
}

// Link-local addresses carry a zone, which no certificate can name.
const addresses = () =>
  Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .map(({ address }) => address)
    .filter((address) => !address.startsWith('fe80:'));
