import { describe, expect, it } from 'vitest';
import { getRelyingParty, loadRelyingParty } from './relying-party.ts';

describe('the relying party', () => {
  it('is the host of the deployment’s own address, without its port', () => {
    const of = (publicUrl: string) => loadRelyingParty({ publicUrl, name: 'Acme' });
    expect(of('https://id.example.com')).toEqual({
      id: 'id.example.com',
      origin: 'https://id.example.com',
      name: 'Acme',
    });
    expect(of('http://localhost:3000')).toMatchObject({ id: 'localhost', origin: 'http://localhost:3000' });
  });

  it.each(['http://127.0.0.1:3000', 'https://192.0.2.7', 'https://[2001:db8::7]'])(
    'is nobody at %s, where no browser makes a passkey',
    (publicUrl) => {
      expect(loadRelyingParty({ publicUrl, name: 'Acme' })).toBeUndefined();
      expect(() => getRelyingParty({ publicUrl, name: 'Acme' })).toThrow(
        expect.objectContaining({ code: 'factors.passkeys_unavailable' }) as Error,
      );
    },
  );
});
