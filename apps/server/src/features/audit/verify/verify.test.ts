import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCaller } from '../../../../test/people.fixture.ts';
import { linesOf, sealedTenant, textOf } from '../../../../test/sealed-tenant.fixture.ts';
import { startServer } from '../../../../test/server.fixture.ts';
import { generateNoteKey } from '../../../platform/crypto/index.ts';
import type { ExportLine, HeaderLine, RecordLine } from '../export/line.ts';
import { hashOf } from '../seal/entry.ts';

let sealed: Awaited<ReturnType<typeof sealedTenant>>;
beforeAll(async () => {
  sealed = await sealedTenant();
});
afterAll(() => sealed.close());

const at = (lines: ExportLine[], seq: number) =>
  lines.findIndex((line) => line.kind === 'record' && line.seq === seq);

describe('an export that nobody touched', () => {
  it('verifies by the public key alone, in every record', async () => {
    const verdict = await sealed.verify(sealed.whole);
    expect(verdict.findings).toEqual([]);
    expect(verdict.records).toBe(verdict.checkpoint?.size);
    expect(verdict.records).toBeGreaterThan(600);
  });

  it('verifies as a table, whose cells cannot run as formulas', async () => {
    const table = (await sealed.admin.get('/audit/export?format=csv')).text;
    expect(await sealed.found(table)).toEqual([]);
    expect(table).not.toMatch(/(^|,)"?[=+@-]/m);
    for (const [cell, changed] of [
      ['"user_updated"', '"login"'],
      ['"system"', '"user"'],
    ] as const)
      expect(await sealed.found(table.replace(cell, changed))).toEqual([
        expect.stringMatching(/^altered \d+$/),
      ]);
  });

  it('verifies in part: a range by the proofs of its blocks, what fits a filter by a proof for each', async () => {
    const range = (await sealed.admin.get('/audit/export?fromSeq=200&toSeq=300')).text;
    const fitting = (await sealed.admin.get('/audit/export?action=user_created')).text;
    for (const [text, records] of [
      [range, 100],
      [fitting, 3],
    ] as const) {
      const verdict = await sealed.verify(text, { partial: true });
      expect(verdict.findings).toEqual([]);
      expect(verdict.records).toBe(records);
      expect(await sealed.found(text)).toEqual(['partial']);
    }
  });

  it('shows personal values with their salts, and verifies without them when they are erased', async () => {
    expect(sealed.whole).toContain('=1+1');
    await sealed.gatehouse.sql(
      'create table kept as select * from gatehouse.subject_keys where tenant_id = $1',
      [sealed.tenantId],
    );
    await sealed.gatehouse.sql('delete from gatehouse.subject_keys where tenant_id = $1', [sealed.tenantId]);
    const another = await startServer({
      database: sealed.gatehouse.databaseUrl.replace(/^.*\/([a-z0-9_]+)(\?.*)?$/, '$1'),
      clock: sealed.gatehouse.clock,
    });
    try {
      const reader = await addCaller(another, sealed.tenantId, 'admin');
      const { text } = await reader.get('/audit/export?toSeq=100');
      expect(text).not.toContain('=1+1');
      expect(await sealed.found(text, { partial: true })).toEqual([]);
    } finally {
      await another.close();
      await sealed.gatehouse.sql(
        'insert into gatehouse.subject_keys select * from kept on conflict do nothing',
      );
    }
  });
});

describe('whoever changed an export is found out', () => {
  const FIELDS: [string, (record: RecordLine) => void][] = [
    ['action', ({ entry }) => (entry.action = entry.action === 'login' ? 'logout' : 'login')],
    [
      'time',
      ({ entry }) =>
        (entry.time = entry.time.replace(/\d(?=Z$)/, (digit) => String((Number(digit) + 1) % 10))),
    ],
    ['actor', ({ entry }) => (entry.actor.id = entry.id)],
    ["actor's kind", ({ entry }) => (entry.actor.kind = 'anonymous')],
    ["actor's tenant", ({ entry }) => (entry.actor.tenantId = entry.id)],
    ['resource', ({ entry }) => (entry.resource.id = 'x')],
    ["resource's type", ({ entry }) => (entry.resource.type = 'x')],
    ['state before', ({ entry }) => (entry.before = {})],
    ['state after', ({ entry }) => (entry.after = null)],
    ['context', ({ entry }) => (entry.context = { more: 1 })],
    ['correlation id', ({ entry }) => (entry.correlationId = '0'.repeat(32))],
    ['id', ({ entry }) => (entry.id = sealed.tenantId)],
    ['id on the line', (record) => (record.id = sealed.tenantId)],
    ['hash on the line', (record) => (record.hash = 'A'.repeat(43))],
    ['previous hash', ({ entry }) => (entry.prev = `${entry.prev ?? ''}A`)],
    ['version', ({ entry }) => ((entry as { v: number }).v = 2)],
    ['entry, by a member more', ({ entry }) => ((entry as unknown as Record<string, unknown>).more = 1)],
    ['entry, which is none any more', (record) => ((record as { entry: unknown }).entry = null)],
  ];
  it.each(FIELDS)('a changed %s names the record', async (_what, change) => {
    // The first, one in the middle, at the border of two blocks, and the last.
    const { size } = sealed;
    for (const seq of [0, 255, 256, 300, size - 1]) {
      const text = sealed.changed((records) => change(records[seq] as RecordLine));
      const { findings } = await sealed.verify(text);
      expect(new Set(findings.map(({ seq: of }) => of)), `record ${seq}`).toEqual(new Set([seq]));
      expect(findings[0]?.what).toBe('altered');
    }
  });

  it('a changed personal value, salt or field names the record', async () => {
    for (const member of ['value', 'salt', 'field'] as const) {
      const text = sealed.changed((records) => {
        const record = records.find(({ personal }) => Object.keys(personal).length > 0) as RecordLine;
        const [shown] = Object.values(record.personal) as { value: string; salt: string; field: string }[];
        if (shown) shown[member] += 'x';
      });
      expect(await sealed.found(text)).toEqual([expect.stringMatching(/^altered \d+$/)]);
    }
    const added = sealed.changed((records) => {
      const [first, second] = records as [RecordLine, RecordLine];
      Object.assign(second.personal, first.personal, { abc: { field: 'x', salt: 'y', value: 'z' } });
    });
    expect(new Set(await sealed.found(added))).toEqual(new Set(['altered 1']));
  });

  it.each([0, 1, 255, 256, 400, 511, 512, -1])('a removed record is named: number %i', async (place) => {
    const { size } = sealed;
    const seq = place < 0 ? size - 1 : place;
    let id: string | undefined;
    const text = sealed.changed((records, lines) => {
      id = records[seq]?.id;
      lines.splice(at(lines, seq), 1);
      (lines.at(-1) as { records: number }).records -= 1;
    });
    const { findings } = await sealed.verify(text);
    expect(findings).toMatchObject([{ what: 'removed', seq, id }]);
  });

  it('removed with its sealed.whole block, with the proof of it, or all but a few', async () => {
    const isIn = (line: ExportLine, first: number, end: number) =>
      (line.kind === 'record' && line.seq >= first && line.seq < end) ||
      (line.kind === 'block' && line.first === first);
    const lines = linesOf(sealed.whole);
    const without = (drop: (line: ExportLine) => boolean) => {
      const kept = lines.filter((line) => !drop(line));
      return textOf([
        ...kept.slice(0, -1),
        { kind: 'end', records: kept.filter(({ kind }) => kind === 'record').length },
      ]);
    };
    const { findings } = await sealed.verify(without((line) => isIn(line, 256, 512)));
    expect(findings).toMatchObject([{ what: 'removed', seq: [256, 511] }]);
    const proofless = await sealed.found(without((line) => line.kind === 'block' && line.first === 256));
    expect(proofless).toHaveLength(256);
    expect(new Set(proofless.map((text) => text.split(' ')[0]))).toEqual(new Set(['unproven']));
    expect(await sealed.found(without((line) => line.kind === 'record' && line.seq % 100 === 7))).toEqual(
      [7, 107, 207, 307, 407, 507].map((seq) => `removed ${seq}`),
    );
  });

  it('two that were exchanged, and one that was moved to another place, are named', async () => {
    const exchanged = sealed.changed((_records, lines) => {
      const [one, two] = [at(lines, 10), at(lines, 20)];
      [lines[one], lines[two]] = [lines[two] as ExportLine, lines[one] as ExportLine];
    });
    expect((await sealed.found(exchanged)).sort()).toEqual(['reordered 10', 'reordered 20']);
    const moved = sealed.changed((_records, lines) => {
      const [record] = lines.splice(at(lines, 30), 1);
      lines.splice(at(lines, 60), 0, record as ExportLine);
    });
    expect(await sealed.found(moved)).toEqual(['reordered 30']);
    const elsewhere = sealed.changed((_records, lines) => {
      const [record] = lines.splice(at(lines, 30), 1);
      lines.splice(at(lines, 300), 0, record as ExportLine);
    });
    expect(await sealed.found(elsewhere)).toEqual(['removed 30', 'reordered 30']);
  });

  it('one that is there twice is named', async () => {
    const text = sealed.changed((records, lines) => {
      lines.splice(at(lines, 5), 0, records[5] as RecordLine);
      (lines.at(-1) as { records: number }).records += 1;
    });
    expect(await sealed.found(text)).toEqual(['duplicated 5']);
  });

  it('also when all hashes, the chain and the proofs were made anew behind a change', async () => {
    const text = sealed.changed((records, lines) => {
      let prev: string | null = null;
      for (const record of records) {
        if (record.seq === 590) record.entry.action = 'login';
        record.entry.prev = prev;
        record.hash = hashOf(record.entry).toString('base64');
        prev = record.hash;
        const block = lines.find(
          (line) => line.kind === 'block' && Math.floor(record.seq / 256) * 256 === line.first,
        );
        if (block?.kind === 'block') block.hashes[record.seq - block.first] = record.hash;
      }
    });
    const { size } = sealed;
    expect(await sealed.found(text)).toEqual([`unproven 512,${size - 1}`]);
    // Who leaves the hashes of the block as they were is told from where on.
    const half = sealed.changed((records) => {
      let prev: string | null = null;
      for (const record of records) {
        if (record.seq === 590) record.entry.action = 'login';
        record.entry.prev = prev;
        record.hash = hashOf(record.entry).toString('base64');
        prev = record.hash;
      }
    });
    expect(await sealed.found(half)).toEqual(
      Array.from({ length: size - 590 }, (_, n) => `altered ${590 + n}`),
    );
  });

  it('a forged checkpoint, one of another tenant, and a wrong key prove nothing', async () => {
    const header = (change: (line: HeaderLine) => void) =>
      sealed.changed((_records, lines) => change(lines[0] as HeaderLine));
    const forged = header(
      (line) => (line.checkpoint = line.checkpoint?.replace(/\n(\d+)\n/, '\n9$1\n') ?? null),
    );
    expect(await sealed.found(forged)).toEqual(['checkpoint']);
    expect(await sealed.found(header((line) => (line.checkpoint = sealed.otherCheckpoint)))).toEqual([
      'checkpoint',
    ]);
    expect(await sealed.found(header((line) => (line.checkpoint = null)))).toEqual(['checkpoint']);
    expect(await sealed.found(sealed.whole, { keys: [generateNoteKey().publicKey] })).toEqual(['checkpoint']);
    // As another tenant's file altogether: no record is in that tenant's tree.
    const taken = header((line) => {
      line.checkpoint = sealed.otherCheckpoint;
      line.origin = sealed.otherCheckpoint.split('\n')[0] ?? '';
      line.tenantId = line.origin.split('/').at(-1) ?? '';
      line.to = Number(sealed.otherCheckpoint.split('\n')[1]);
    });
    expect((await sealed.found(taken)).length).toBeGreaterThan(0);
  });

  it('a file that breaks off says so, and which records it lacks', async () => {
    const lines = linesOf(sealed.whole);
    const verdict = await sealed.found(textOf(lines.slice(0, at(lines, 300))));
    const { size } = sealed;
    expect(verdict).toEqual(expect.arrayContaining([`removed 512,${size - 1}`, 'unreadable']));
    expect(verdict.filter((text) => text.startsWith('unproven'))).toHaveLength(44);
    expect(await sealed.found(textOf(lines.slice(0, -1)))).toEqual(['unreadable']);
    expect(await sealed.found('')).toEqual(['unreadable']);
    expect(new Set(await sealed.found('{"kind":"record"}\nnot json\n'))).toEqual(new Set(['unreadable']));
    expect(await sealed.found(sealed.whole.replace('"kind":"block"', '"kind":"blok"'))).toContain(
      'unreadable',
    );
  });
});
