import { isSameSecret, type Sealer } from '../../platform/crypto/index.ts';
import { bytesToUuid, type SessionId, type TenantId, uuidToBytes } from '../../platform/ids.ts';

/** What a refresh token says. The row holds the SHA-256 of the family secret, so that a leaked MAC key alone forges nothing. */
export interface RefreshToken {
  tenantId: TenantId;
  sessionId: SessionId;
  generation: number;
  /** 128 bits, the same through the whole family. */
  familySecret: Buffer;
}

const LENGTH = 16 + 16 + 4 + 16;

/** `<key id>.<content>.<MAC>`: derived from its content alone, so that the same generation is the same token again. */
export function formatRefreshToken(token: RefreshToken, sealer: Sealer): string {
  const content = Buffer.alloc(LENGTH);
  uuidToBytes(token.tenantId).copy(content, 0);
  uuidToBytes(token.sessionId).copy(content, 16);
  content.writeUInt32BE(token.generation, 32);
  token.familySecret.copy(content, 36);
  return `${sealer.keyId}.${content.toString('base64url')}.${sealer.mac('refresh token', content).toString('base64url')}`;
}

/** The token, or undefined for one that we did not make: a forged token costs no query. */
export function parseRefreshToken(text: string, sealer: Sealer): RefreshToken | undefined {
  const [keyId, body, mac, more] = text.split('.');
  if (keyId === undefined || body === undefined || mac === undefined || more !== undefined) return undefined;
  const content = Buffer.from(body, 'base64url');
  if (content.length !== LENGTH) return undefined;
  const ours = sealer.macUnder(keyId, 'refresh token', content);
  if (ours === undefined || !isSameSecret(ours, Buffer.from(mac, 'base64url'))) return undefined;
  return {
    tenantId: bytesToUuid(content.subarray(0, 16)) as TenantId,
    sessionId: bytesToUuid(content.subarray(16, 32)) as SessionId,
    generation: content.readUInt32BE(32),
    familySecret: content.subarray(36),
  };
}
