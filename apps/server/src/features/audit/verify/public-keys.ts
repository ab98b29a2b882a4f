import { readPublicPem, readVerifierKey } from '../../../platform/crypto/index.ts';

/**
 * The keys of a key file: what `/.well-known/gatehouse-audit-keys.json` answers, or lines of verifier keys of signed notes,
 * or a PEM. Empty when it is none of these.
 */
export function readPublicKeys(text: string): Buffer[] {
  if (text.includes('-----BEGIN')) {
    const key = text.includes('PRIVATE KEY') ? undefined : readPublicPem(text);
    return key === undefined ? [] : [key];
  }
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown };
    if (!Array.isArray(keys)) return [];
    return keys
      .map((key: { publicKey?: unknown; use?: unknown } | null) =>
        key?.use === 'audit-checkpoint' && typeof key.publicKey === 'string'
          ? Buffer.from(key.publicKey, 'base64')
          : Buffer.alloc(0),
      )
      .filter((key) => key.length === 32);
  } catch {
    return text
      .split('\n')
      .map(readVerifierKey)
      .filter((key) => key !== undefined);
  }
}
