import { describe, expect, it } from 'vitest';
import { isPersonal } from './personal-password.ts';

const ada = {
  email: 'ada.byron+work@lovelace-mills.example',
  name: 'Ada Lovelace',
  tenantName: 'Jacquard & Söhne',
};

describe('a password that is its owner', () => {
  it.each([
    'Ada.Byron+Work@lovelace-mills.example1',
    'Ada-Byron-1815',
    'adaBYRON1!',
    'Ada Lovelace 1',
    '1815LovelaceAda',
    'Lovelace1815',
    'Jacquard&Sohne1',
    'JACQUARD-söhne-7',
    'Lovelace-Mills-1',
  ])('%s is one', (password) => {
    expect(isPersonal(password, ada)).toBe(true);
  });

  it.each(['Lovelace-sings-in-Ely-1', 'Byron-Jacquard-1', 'Anchor-Chain-9', '12345678'])(
    '%s is none',
    (password) => {
      expect(isPersonal(password, ada)).toBe(false);
    },
  );

  it('is not known by names of two letters, or of none', () => {
    const li = { email: 'li@x.example', name: 'Li Jo', tenantName: '42' };
    for (const password of ['Li-12345', 'Jo-12345', '42-42-42-42', 'Xx-1234567'])
      expect(isPersonal(password, li), password).toBe(false);
  });
});
