import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openWith, SealError, sealingKey, sealWith } from './seal.ts';

const key = sealingKey(randomBytes(32));
const part = (bytes: Buffer) => bytes.toString('base64url');

describe('a sealed value', () => {
  it('opens under its key and for its context alone', () => {
    const sealed = sealWith(key, 'k', 'secret', 'here');
    expect(openWith(key, 'k', sealed, 'here').toString()).toBe('secret');
    expect(() => openWith(key, 'k', sealed, 'there')).toThrow(SealError);
    expect(() => openWith(sealingKey(randomBytes(32)), 'k', sealed, 'here')).toThrow(SealError);
  });

  it.each([4, 8, 12, 15])('is refused with a tag of %i bytes, even the right ones', (length) => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from('k|here'));
    cipher.final();
    const tag = cipher.getAuthTag().subarray(0, length);
    expect(() => openWith(key, 'k', `v1.k.${part(iv)}.${part(tag)}`, 'here')).toThrow(SealError);
  });
});
