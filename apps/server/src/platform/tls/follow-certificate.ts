import type { Server } from 'node:https';
import type { Logger } from 'pino';
import { type CertificateFiles, readCertificateFiles, versionOf } from './certificate-files.ts';

/** Milliseconds. Files are looked at, not watched: a mounted secret is a symbolic link that moves, which no event tells. */
const LOOKED_AT_EACH = 2000;
const DAY = 86_400_000;
const TOLD_BEFORE_END = 14 * DAY;

/**
 * Serves a new certificate as soon as both files are there and fit, to new connections; those that stand keep theirs. What
 * does not fit is told in the log, and the one before stays.
 *
 * @returns how to stop
 */
export function followCertificate(server: Server, files: CertificateFiles, log: Logger): () => void {
  let served = versionOf(files);
  let refused = '';
  let until = readCertificateFiles(files).facts.validUntil;
  let told = 0;
  const timer = setInterval(() => {
    if (until.getTime() - Date.now() < TOLD_BEFORE_END && Date.now() - told > DAY) {
      told = Date.now();
      log.warn({ validUntil: until.toISOString() }, 'the certificate ends soon: replace its files');
    }
    const found = versionOf(files);
    if (found === served || found === refused || found === 'away') return;
    try {
      const { cert, key, facts } = readCertificateFiles(files);
      server.setSecureContext({ cert, key });
      served = found;
      until = facts.validUntil;
      log.info(
        { validUntil: facts.validUntil.toISOString(), fingerprint: facts.fingerprint },
        'the certificate was replaced',
      );
    } catch (error) {
      refused = found;
      log.warn({ err: error }, 'the new certificate cannot be served; the one before stays');
    }
  }, LOOKED_AT_EACH);
  timer.unref();
  return () => clearInterval(timer);
}
