import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sealedTenant } from '../../../../test/sealed-tenant.fixture.ts';
import { generateNoteKey, verifierKey } from '../../../platform/crypto/index.ts';
import { readPublicKeys } from './public-keys.ts';

let sealed: Awaited<ReturnType<typeof sealedTenant>>;
beforeAll(async () => {
  sealed = await sealedTenant();
});
afterAll(() => sealed.close());

describe('a file that is none of an export', () => {
  it.each([
    ['a line of another form', (text: string) => text.replace('"hashes":[', '"hashes":1,"x":[')],
    [
      'a member that no line has',
      (text: string) => text.replace('"kind":"record",', '"kind":"record","approved":true,'),
    ],
    ['a number that is none', (text: string) => text.replace('"seq":3,', '"seq":"3",')],
    ['an entry that is none', (text: string) => text.replace(/"entry":\{/, '"entry":[],"x":{')],
    [
      'a personal value that is none',
      (text: string) => text.replace(/"personal":\{\}/, '"personal":{"a":1}'),
    ],
    [
      'a kind that is on every object',
      (text: string) => text.replace('"kind":"block"', '"kind":"constructor"'),
    ],
    ['a second head', (text: string) => `${text}${text}`],
    [
      'another spelling of a hash',
      // The same bytes: two bits of the last character belong to none.
      (text: string) =>
        text.replace(/("hashes":\["[A-Za-z0-9+/]{42})([A-Za-z0-9+/])=/, (_, before: string, last: string) => {
          const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
          return `${before}${alphabet.charAt(alphabet.indexOf(last) ^ 1)}=`;
        }),
    ],
    ['a record after its end', (text: string) => `${text}${text.split('\n')[1] ?? ''}\n`],
  ])('with %s is refused, and nothing breaks', async (_what, change) => {
    expect((await sealed.found(change(sealed.whole))).length).toBeGreaterThan(0);
  });

  it('is never taken for a whole one, whichever byte was changed', async () => {
    const { whole } = sealed;
    // The time of the export, and the ids beside the hashes of a block, are told and not proved.
    const free = [...whole.matchAll(/"exportedAt":"[^"]*"|"ids":\[[^\]]*\]/g)].map(
      ({ index, 0: text }) => [index, index + text.length] as const,
    );
    const places = Array.from(
      { length: 200 },
      (_, n) => (Math.imul(n + 1, 2_654_435_761) >>> 0) % whole.length,
    );
    const proved = places.filter((place) => !free.some(([from, to]) => place >= from && place < to));
    expect(proved.length).toBeGreaterThan(120);
    for (const place of proved) {
      const text = `${whole.slice(0, place)}${whole[place] === 'a' ? 'b' : 'a'}${whole.slice(place + 1)}`;
      expect((await sealed.found(text)).length, whole.slice(place - 60, place + 20)).toBeGreaterThan(0);
    }
  });
});

describe('a lost tail', () => {
  it('is seen by a checkpoint that was kept, and by nothing else', async () => {
    const old = sealed.whole;
    for (let n = 0; n < 5; n += 1)
      await sealed.admin.post('/users', { email: `late${n}@${sealed.tenantId}.example`, name: 'Late' });
    await sealed.gatehouse.server.deps.sealing.run();
    const kept = (await sealed.admin.get('/audit/checkpoint')).text;
    const [before, after] = [sealed.checkpoint, kept].map((note) => Number(note.split('\n')[1])) as [
      number,
      number,
    ];
    expect(await sealed.found(old)).toEqual([]);
    expect(await sealed.found(old, { since: kept })).toEqual([`lost tail ${before},${after - 1}`]);
    const grown = (await sealed.admin.get('/audit/export')).text;
    expect(await sealed.found(grown, { since: sealed.checkpoint })).toEqual([]);
    expect(await sealed.found(grown, { since: kept })).toEqual([]);
    const more = (await sealed.admin.get(`/audit/export?fromSeq=${before}`)).text;
    expect(await sealed.found(more, { since: sealed.checkpoint, partial: true })).toEqual([]);
    expect(
      await sealed.found(
        more.replace(/(?<="consistency":\[")./, (first) => (first === '/' ? 'A' : '/')),
        {
          since: sealed.checkpoint,
          partial: true,
        },
      ),
    ).toEqual(['rewritten 0,' + String(before - 1)]);
    const elsewhere = (await sealed.admin.get(`/audit/export?fromSeq=${before + 1}`)).text;
    expect(await sealed.found(elsewhere, { since: sealed.checkpoint, partial: true })).toEqual(['unproven']);
    expect(await sealed.found(grown, { since: sealed.otherCheckpoint })).toEqual(['checkpoint']);
    expect(await sealed.found(grown, { since: sealed.checkpoint.replace('\n6', '\n7') })).toEqual([
      'checkpoint',
    ]);
  });

  it('and a log that was rewritten and signed anew by the server itself is seen by it as well', async () => {
    const kept = (await sealed.admin.get('/audit/checkpoint')).text;
    // Whoever has the database and the running server: all seals go, a record is changed, everything is sealed again.
    await sealed.gatehouse.sql(
      `with gone as (delete from gatehouse.audit_trees where tenant_id = $1), nodes as (delete from gatehouse.audit_subtrees where tenant_id = $1),
         seals as (delete from gatehouse.audit_seals where tenant_id = $1 returning *),
         changed as (update gatehouse.audit_records set after = '{"n": 0}' where tenant_id = $1 and after = '{"n": 17}')
       insert into gatehouse.audit_unsealed (tenant_id, record_id, occurred_at) select tenant_id, record_id, occurred_at from seals`,
      [sealed.tenantId],
    );
    await sealed.gatehouse.server.deps.sealing.run();
    const anew = (await sealed.admin.get('/audit/export')).text;
    expect(await sealed.found(anew)).toEqual([]);
    expect(await sealed.found(anew, { since: kept })).toEqual([expect.stringMatching(/^rewritten/)]);
  });
});

describe('a record that is gone from the database', () => {
  it('is named in the export that is made afterwards', async () => {
    await sealed.gatehouse.sql(
      `delete from gatehouse.audit_records where tenant_id = $1 and id = (select record_id from gatehouse.audit_seals where tenant_id = $1 and seq = 42)`,
      [sealed.tenantId],
    );
    const { findings } = await sealed.verify((await sealed.admin.get('/audit/export')).text);
    expect(findings).toMatchObject([
      { what: 'removed', seq: 42, why: expect.stringContaining('gone from the database') as string },
    ]);
  });
});

describe('a key file', () => {
  it('is what the server publishes, a verifier key or a PEM, and nothing secret', async () => {
    const { publicKey, privatePem } = generateNoteKey();
    expect(readPublicKeys(verifierKey('localhost:4000/audit/x', publicKey))).toEqual([publicKey]);
    expect(readPublicKeys(privatePem)).toEqual([]);
    for (const text of ['', '{}', '{"keys":[{}]}', '{"keys":[null]}', 'a+b+c', 'null'])
      expect(readPublicKeys(text)).toEqual([]);
  });
});
