import { randomBytes } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addCaller, addTenant, type Caller } from '../../../test/people.fixture.ts';
import { withClient } from '../../../test/database.setup.ts';
import { startServer, type TestServer } from '../../../test/server.fixture.ts';
import { call } from '../../../test/standing/people.fixture.ts';
import { ROOT_TENANT, type TenantId } from '../../platform/ids.ts';

let gatehouse: TestServer;
let platform: Caller;
beforeAll(async () => {
  gatehouse = await startServer();
  platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN');
});
afterAll(() => gatehouse.close());

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(8);
  out.writeUInt32BE(data.length, 0);
  out.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([out.subarray(0, 4), named, out.subarray(4)]);
}
/** A PNG of one colour, with whatever else is asked for in it and behind it. */
function png(
  width: number,
  height: number,
  more: { chunks?: Buffer[]; tail?: string; claim?: number; noise?: true } = {},
) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(more.claim ?? width, 0);
  header.writeUInt32BE(more.claim ?? height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const row = () =>
    Buffer.concat([Buffer.from([0]), more.noise ? randomBytes(width * 4) : Buffer.alloc(width * 4, 0x80)]);
  const data = deflateSync(Buffer.concat(Array.from({ length: height }, row)));
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    ...(more.chunks ?? []),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
    Buffer.from(more.tail ?? ''),
  ]);
}
const urlOf = (tenantId: string) => `/tenants/${tenantId}/settings`;
interface Read {
  version: number;
  logo: { url: string; width: number; height: number } | null;
}
const read = async (who: Caller, tenantId: string) => (await who.get(urlOf(tenantId))).body as never as Read;
async function setLogo(who: Caller, tenantId: string, image: Buffer | string) {
  const { version } = await read(who, tenantId);
  const text = typeof image === 'string' ? image : image.toString('base64');
  return who.post(`${urlOf(tenantId)}/logo`, { version, image: text });
}
async function set(tenantId: string, branding: object) {
  const { version } = await read(platform, tenantId);
  const answer = await platform.patch(urlOf(tenantId), { version, settings: { branding } });
  expect(answer.status, answer.text).toBe(200);
}
const options = async (query = '') => (await gatehouse.browser().get(`/api/v1/auth/options${query}`)).body;
let made = 0;
async function tenantWithAdmin(): Promise<{ tenantId: TenantId; slug: string; admin: Caller }> {
  const tenantId = await addTenant(gatehouse, { name: 'Acme & Söhne' });
  const slug = `acme-${(made += 1)}`;
  await gatehouse.sql('update gatehouse.tenants set slug = $2 where id = $1', [tenantId, slug]);
  return { tenantId, slug, admin: await addCaller(gatehouse, tenantId, 'admin') };
}

describe('the logo of a tenant', () => {
  it('is drawn anew: nothing but its pixels comes out again [threat 68]', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    const script = '<script>alert(document.domain)</script>';
    const polyglot = png(40, 20, {
      chunks: [chunk('tEXt', Buffer.from(`Comment\0${script}`)), chunk('eXIf', Buffer.from('MM\0*GPS'))],
      tail: `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>${script}PK\u0003\u0004`,
    });
    expect(polyglot.includes(script)).toBe(true);
    const answer = await setLogo(admin, tenantId, polyglot);
    expect(answer.status, answer.text).toBe(200);
    const { logo } = answer.body as never as Read;
    expect(logo).toMatchObject({ width: 40, height: 20 });

    const shown = await gatehouse.browser().request({ method: 'GET', url: logo?.url ?? '' });
    expect(shown.status).toBe(200);
    expect(shown.headers).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining('sandbox') as string,
      'cache-control': 'public, max-age=31536000, immutable',
    });
    const [{ image }] = (await gatehouse.sql<{ image: Buffer }>(
      'select image from gatehouse.tenant_logos where tenant_id = $1',
      [tenantId],
    )) as [{ image: Buffer }];
    expect(image.subarray(1, 4).toString()).toBe('PNG');
    expect(image.subarray(-8).toString('latin1')).toContain('IEND');
    for (const trace of ['<script', '<svg', 'alert', 'Comment', 'GPS', 'PK'])
      expect(image.includes(trace), trace).toBe(false);
  });

  it('is refused as whatever is no PNG within the bounds, and the one before stays [threat 68]', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    await setLogo(admin, tenantId, png(10, 10));
    const before = await read(admin, tenantId);
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
    const good = png(64, 64);
    const broken = Buffer.from(good);
    broken.fill(0x55, 60, 90);
    const wrong: [string, Buffer][] = [
      ['an SVG', Buffer.from(svg)],
      ['an SVG behind a PNG signature', Buffer.concat([good.subarray(0, 16), Buffer.from(svg)])],
      ['a page', Buffer.from(`<!doctype html><p>${'x'.repeat(100)}</p>`)],
      ['a GIF', Buffer.from(`GIF89a${'x'.repeat(100)}`)],
      ['a JPEG', Buffer.concat([Buffer.from('ffd8ffe000104a464946', 'hex'), Buffer.alloc(100)])],
      ['half a PNG', good.subarray(0, good.length / 2)],
      ['a PNG with damaged data', broken],
      ['one that is too wide', png(1025, 1)],
      ['one that is too high', png(1, 1025)],
      ['one that claims four gigapixels', png(8, 8, { claim: 65_535 })],
      ['one that claims more than it has', png(8, 8, { claim: 1024 })],
      ['one of no size', png(8, 8, { claim: 0 })],
    ];
    for (const [what, file] of wrong) {
      const answer = await setLogo(admin, tenantId, file);
      expect([answer.status, answer.body.code], `${what}: ${answer.text}`).toEqual([
        400,
        'settings.image_refused',
      ]);
    }
    for (const text of ['data:image/png;base64,AAAA', '', 'A'.repeat(350_000), '<svg>'])
      expect((await setLogo(admin, tenantId, text)).body.code).toBe('request.invalid');
    expect((await setLogo(admin, tenantId, 'A'.repeat(400_000))).body.code).toBe('request.too_large');
    expect(await read(admin, tenantId)).toEqual(before);
    // As large as may be, in bytes and in pixels.
    const noise = png(250, 250, { noise: true });
    expect(noise.length).toBeGreaterThan(240_000);
    expect((await setLogo(admin, tenantId, noise)).status).toBe(200);
    expect((await setLogo(admin, tenantId, png(1024, 1024))).status).toBe(200);
  });

  it('is not even drawn for whoever changes what has been changed since', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    const { version } = await read(admin, tenantId);
    await set(tenantId, { primaryColor: '#0a5c8f' });
    // The head of a picture with nothing behind it: whoever draws it finds that out.
    const image = png(64, 64).fill(0, 40).toString('base64');
    const late = await admin.post(`${urlOf(tenantId)}/logo`, { version, image });
    expect(late.body.code, late.text).toBe('settings.changed');
    const now = await admin.post(`${urlOf(tenantId)}/logo`, { version: version + 1, image });
    expect(now.body.code, now.text).toBe('settings.image_refused');
  });

  it('waits in a queue with one place for each tenant and few for all: nobody’s pictures hold up the others', async () => {
    const tenants = await Promise.all(Array.from({ length: 20 }, tenantWithAdmin));
    const image = png(1024, 1024).toString('base64');
    const send = ({ tenantId, admin }: { tenantId: TenantId; admin: Caller }) =>
      admin.post(`${urlOf(tenantId)}/logo`, { version: 1, image });
    const tellsWhen = ({ headers }: { headers: Record<string, unknown> }) => Number(headers['retry-after']);
    const [one, other] = tenants as [(typeof tenants)[0], (typeof tenants)[0]];
    const [neighbour, ...greedy] = await Promise.all([
      send(other),
      ...Array.from({ length: 6 }, () => send(one)),
    ]);
    expect(neighbour?.status, neighbour?.text).toBe(200);
    expect(greedy.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = greedy.filter(({ body }) => body.code === 'rate.limited');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every((answer) => answer.status === 429 && tellsWhen(answer) > 0)).toBe(true);

    const all = await Promise.all(tenants.slice(2).map(send));
    const turnedAway = all.filter(({ body }) => body.code === 'service.unavailable');
    expect(turnedAway.length).toBeGreaterThan(0);
    expect(turnedAway.every((answer) => answer.status === 503 && tellsWhen(answer) > 0)).toBe(true);
    expect(all.filter(({ status }) => status === 200)).toHaveLength(all.length - turnedAway.length);
    // Whoever was turned away comes in later: every place was given back.
    const late = tenants.slice(2).filter((_tenant, at) => all[at]?.status === 503);
    for (const tenant of late) expect((await send(tenant)).status).toBe(200);
  });

  it('is taken away again, each time on record, by whoever may change settings', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    await setLogo(admin, tenantId, png(11, 13));
    const first = await read(admin, tenantId);
    expect((await setLogo(admin, tenantId, png(11, 13))).body.version).toBe(first.version);
    const viewer = await addCaller(gatehouse, tenantId, 'admin_viewer');
    expect((await setLogo(viewer, tenantId, png(11, 13))).status).toBe(403);
    const stranger = await tenantWithAdmin();
    expect(
      (
        await stranger.admin.post(`${urlOf(tenantId)}/logo`, {
          version: 1,
          image: png(9, 9).toString('base64'),
        })
      ).status,
    ).toBe(404);
    const late = await admin.delete(`${urlOf(tenantId)}/logo?version=1`);
    expect(late.body.code).toBe('settings.changed');
    const gone = await admin.delete(`${urlOf(tenantId)}/logo?version=${first.version}`);
    expect(gone.body, gone.text).toMatchObject({ logo: null, version: first.version + 1 });
    expect((await gatehouse.browser().get(first.logo?.url ?? '')).status).toBe(404);
    const records = await gatehouse.sql<{ before: object; after: object }>(
      `select before, after from gatehouse.audit_records where tenant_id = $1 and action = 'tenant_logo_changed' order by id`,
      [tenantId],
    );
    expect(records).toMatchObject([
      { before: { logo: null }, after: { logo: { width: 11, height: 13 } } },
      { before: { logo: { width: 11 } }, after: { logo: null } },
    ]);
  });

  it('is read once for everybody who asks at the same moment, and remembered for a second', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    const stored = await setLogo(admin, tenantId, png(12, 14));
    const { url } = (stored.body as never as Read).logo ?? { url: '' };
    const show = () => gatehouse.browser().get(url);
    const answers = await withClient(gatehouse.superuserUrl, async (client) => {
      await client.query('begin; lock table gatehouse.tenant_logos in access exclusive mode');
      const asking = Promise.all(Array.from({ length: 20 }, show));
      const waiting = async () =>
        (
          await client.query(
            `select from pg_locks where relation = 'gatehouse.tenant_logos'::regclass and not granted
             and database = (select oid from pg_database where datname = current_database())`,
          )
        ).rows;
      const pause = () => new Promise((resolve) => setTimeout(resolve, 100));
      const until = performance.now() + 5000;
      while ((await waiting()).length === 0 && performance.now() < until) await pause();
      await pause();
      expect(await waiting()).toHaveLength(1);
      await client.query('commit');
      return asking;
    });
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.text).toContain('IHDR');

    await platform.post(`/tenants/${tenantId}/suspend`);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await show()).status).toBe(404);
    await platform.post(`/tenants/${tenantId}/activate`);
    expect((await show()).status).toBe(200);
    const { version } = await read(platform, tenantId);
    await platform.delete(`${urlOf(tenantId)}/logo?version=${version}`);
    expect((await show()).status).toBe(404);
  });

  it.each(['nothing', '../../health', `${'0'.repeat(64)}.png`, `${'0'.repeat(64)}.svg`])(
    'is not there by the name of %s',
    async (name) => {
      const answer = await gatehouse.browser().get(`/api/v1/branding/logos/${encodeURIComponent(name)}`);
      expect(answer.status).toBe(404);
    },
  );
});

describe('the sign-in options', () => {
  it('have the branding of the tenant that is named, of the client’s, or of the deployment', async () => {
    const { tenantId, slug, admin } = await tenantWithAdmin();
    await setLogo(admin, tenantId, png(32, 16));
    await set(tenantId, { primaryColor: '#0a5c8f', companyUrl: 'https://acme.example/' });
    const branding = {
      name: 'Acme & Söhne',
      primaryColor: '#0a5c8f',
      companyUrl: 'https://acme.example/',
      logo: { width: 32, height: 16 },
    };
    for (const name of [slug, tenantId])
      expect((await options(`?tenant=${name}`)).branding).toMatchObject(branding);
    const created = await admin.post('/clients', { clientId: `${slug}-app`, name: 'App', kind: 'spa' });
    expect(created.status, created.text).toBe(201);
    expect((await options(`?client=${slug}-app`)).branding).toMatchObject(branding);
    expect((await options()).branding).toBeNull();
    await set(ROOT_TENANT, { primaryColor: '#123456' });
    expect((await options()).branding).toMatchObject({
      name: 'Platform',
      primaryColor: '#123456',
      logo: null,
    });
    await set(ROOT_TENANT, { primaryColor: null });
    expect((await options()).branding).toBeNull();
  });

  it('tell nothing of a tenant that shows itself to nobody: it is answered like one that is not there', async () => {
    const { slug, tenantId, admin } = await tenantWithAdmin();
    await admin.patch(urlOf(tenantId), { version: 1, settings: { password: { minLength: 20 } } });
    expect(await options(`?tenant=${slug}`)).toEqual(await options('?tenant=no-such-tenant'));
    expect((await options(`?tenant=${slug}`)).passwordRules).toEqual({ minLength: 8, symbol: false });
    // Whoever has the id, as a mailed link has, is told what a password needs.
    expect(await options(`?tenant=${tenantId}`)).toMatchObject({
      branding: null,
      passwordRules: { minLength: 20, symbol: false },
    });
    for (const query of ['?tenant=Acme', '?tenant=', '?tenant=a%2Fb', '?client=../x', '?slug=acme'])
      expect((await options(query)).code, query).toBe('request.invalid');
  });

  it('forget a tenant that is suspended', async () => {
    const { slug, tenantId } = await tenantWithAdmin();
    await set(tenantId, { primaryColor: '#0a5c8f' });
    expect((await options(`?tenant=${slug}`)).branding).not.toBeNull();
    await platform.post(`/tenants/${tenantId}/suspend`);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await options(`?tenant=${slug}`)).branding).toBeNull();
  });
});

describe('mail', () => {
  it('wears the branding of its tenant, escaped, where its reader belongs to it', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    await setLogo(admin, tenantId, png(300, 100));
    await set(tenantId, { primaryColor: '#ffee00', companyUrl: 'https://acme.example/?a=1&b=2' });
    await gatehouse.browser().post('/api/v1/auth/password/forgot', { email: admin.email });
    const mail = (await gatehouse.deliverMail()).findLast(({ to }) => to === admin.email);
    const { logo } = await read(admin, tenantId);
    const [image] = mail?.html.match(/<img[^>]*>/g) ?? [];
    expect(image).toContain(`src="${gatehouse.config.publicUrl}${logo?.url}"`);
    expect(image).toMatch(/alt="Acme &amp; Söhne".* height="48".* width="144"/);
    expect(mail?.html).toContain('href="https://acme.example/?a=1&amp;b=2"');
    // Dark letters on a light button.
    expect(mail?.html).toMatch(/background-color:#ffee00;color:#000000/);
    expect(mail?.text).toContain('https://acme.example/?a=1&b=2');
  });

  it('to an address that nobody has proved has no picture and no address of the tenant’s choice', async () => {
    const { tenantId, admin } = await tenantWithAdmin();
    await setLogo(admin, tenantId, png(30, 10));
    await set(tenantId, { companyUrl: 'https://lottery.example/' });
    const to = `stranger-${made}@elsewhere.example`;
    await call(gatehouse, admin.token, {
      method: 'POST',
      url: '/api/v1/users',
      body: { email: to, name: 'X' },
    });
    const mail = (await gatehouse.deliverMail()).findLast((each) => each.to === to);
    expect(mail?.html).toContain('#token=');
    for (const text of [mail?.html, mail?.text]) {
      expect(text).not.toContain('<img');
      expect(text).not.toContain('lottery');
    }
  });
});
