import { afterEach, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';

let gatehouse: TestServer | undefined;
afterEach(async () => {
  await gatehouse?.close();
  gatehouse = undefined;
});

const read = async (env: Record<string, string>) => {
  gatehouse = await startServer({ env });
  return gatehouse.server.app.inject('/.well-known/security.txt');
};

describe('GET /.well-known/security.txt', () => {
  it('names the contacts in order, until when, and where the file belongs', async () => {
    const answer = await read({
      SECURITY_CONTACT: 'mailto:security@example.com, https://example.com/report',
      SECURITY_POLICY_URL: 'https://example.com/disclosure',
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    const fields = answer.body
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/: (.*)/s).slice(0, 2));
    expect(fields.filter(([name]) => name === 'Contact').map(([, value]) => value)).toEqual([
      'mailto:security@example.com',
      'https://example.com/report',
    ]);
    const of = Object.fromEntries(fields) as Record<string, string>;
    expect(of.Canonical).toBe('http://localhost:4000/.well-known/security.txt');
    expect(of.Policy).toBe('https://example.com/disclosure');
    const days =
      (new Date(of.Expires ?? '').getTime() - (gatehouse?.clock.now().getTime() ?? 0)) / 86_400_000;
    expect(days).toBeGreaterThan(80);
    expect(days).toBeLessThan(365);
  });

  it('is not there where the operator names nobody', async () => {
    const answer = await read({});
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([404, 'resource.not_found']);
  });

  it.each([
    'security@example.com',
    'http://example.com/report',
    'javascript:alert(1)',
    'mailto:',
    'tel:123\nX: y',
  ])('keeps the server from starting with the contact %j', async (SECURITY_CONTACT) => {
    await expect(startServer({ env: { SECURITY_CONTACT } })).rejects.toThrow('SECURITY_CONTACT');
  });
});
