import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { addCaller, addTenant, type Caller } from '../../../test/people.fixture.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { newId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let admin: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
  admin = await addCaller(gatehouse, await addTenant(gatehouse), 'admin');
});
afterAll(() => gatehouse.close());

describe('an address', () => {
  const send = (email: string) => admin.post('/users', { email, name: 'X' });

  it.each([
    'a@x..test',
    'a@-',
    'a@b%0d',
    'a@.example',
    'a@-b.example',
    'a@b-.example',
    'a@b_c.example',
    'a@b.example..',
    'a@b!.example',
    'a@1.2.3.4',
    'a@0x7f.1',
    `a@${'x'.repeat(64)}.example`,
    `a@${'ü'.repeat(60)}.example`,
    'a@b。。example',
    'a@xn--\u00fc.example',
    'a@b\u200d.example',
    '@b.example',
    'a@',
  ])('%j, to which no mail can go, is refused', async (email) => {
    const answer = await send(email);
    expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
    expect(answer.text).toContain('/email');
  });

  it('is known to whatever answers with it: nothing is said on the terminal', async () => {
    const warn = vi.spyOn(console, 'warn');
    const fresh = await startServer();
    try {
      const root = await fresh.admin();
      expect((await root.post('/api/v1/users', { email: 'b@example.com', name: 'B' })).status).toBe(201);
      expect((await root.get('/api/v1/users')).status).toBe(200);
      expect(warn.mock.calls).toEqual([]);
    } finally {
      warn.mockRestore();
      await fresh.close();
    }
  });

  it('may be of any host name, of one label too, and in any script', async () => {
    const labels = ['localhost', 'a-b.example', '3com.example', 'bücher.example', 'xn--bcher-kva2.example'];
    for (const domain of [
      ...labels,
      '例え.テスト',
      'b。example',
      `${'x'.repeat(63)}.example`,
      'dot.example.',
    ]) {
      const email = `${newId()}@${domain}`;
      const answer = await send(email);
      expect([answer.status, answer.body.email], email).toEqual([201, email]);
    }
  });
});

describe('a name', () => {
  it('is whatever people are called', async () => {
    const names = [
      '李',
      'Zoë',
      'O’Neil',
      'محمد',
      'นิภา',
      'Zoe\u0308',
      '42',
      '—',
      '🦉',
      ' X Æ A-12',
      "d'Arc, J.",
      'देवी',
    ];
    for (const name of names) {
      const answer = await admin.post('/users', { email: `${newId()}@example.com`, name });
      expect([answer.status, answer.body.name], name).toEqual([201, name]);
    }
  });
});
