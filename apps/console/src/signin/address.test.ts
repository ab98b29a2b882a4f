import { describe, expect, it } from 'vitest';
import { returnAddress, shownFor } from './address.ts';

const origin = 'https://id.example.com';

describe('the address to return to', () => {
  it.each(['/users', '/users?sort=-name#top', '/a//b', '/audit?actor=a%5Cb'])(
    'may be the path %s',
    (path) => {
      expect(returnAddress(path, origin)).toBe(origin + path);
    },
  );

  it.each([
    null,
    '',
    'users',
    'https://evil.example/',
    '//evil.example/',
    '///evil.example/',
    '/\\evil.example/',
    '\\\\evil.example',
    '/\t/evil.example/',
    '/\n/evil.example',
    '/users\u0085',
    ' /users',
    'javascript:alert(1)',
    '/\u0000',
  ])('is home instead of %j', (path) => {
    expect(returnAddress(path, origin)).toBe(`${origin}/`);
  });

  it.each(['/.//evil.example', '/..//evil.example', '/%2e%2e//evil.example'])(
    'stays on this origin for %s, which resolves to a path with two slashes',
    (path) => {
      expect(new URL(returnAddress(path, origin)).origin).toBe(origin);
    },
  );
});

describe('whose branding a page wears', () => {
  const token = 'AAAAAAAAcACAAAAAAAAAAQ.secret';
  it.each([
    ['', null, ''],
    ['tenant=acme', null, '?tenant=acme'],
    ['client=portal&returnTo=/x', null, '?client=portal'],
    ['', token, '?tenant=00000000-0000-7000-8000-000000000001'],
    // What the address says goes before the link.
    ['tenant=acme', token, '?tenant=acme'],
    ['tenant=../../x&client=A%20B', null, ''],
    ['', 'spent', ''],
    ['', 'AAAA.AAAA', ''],
  ])('is told by the address %j and the token %j: %s', (address, of, wanted) => {
    expect(shownFor(new URLSearchParams(address), of)).toBe(wanted);
  });
});
