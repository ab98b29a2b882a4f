import { createVerify, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../../../test/connections.fixture.ts';
import { addCaller, addTenant } from '../../../test/people.fixture.ts';
import { type Key, makeKey, metadataOf } from '../../../test/saml-provider.fixture.ts';
import { addSamlOrganisation, type SamlOrganisation } from '../../../test/saml.fixture.ts';
import { newId } from '../../platform/ids.ts';

let world: World;
let gatehouse: World['gatehouse'];
let key: Key;
let acme: SamlOrganisation;
beforeAll(async () => {
  key = await makeKey('acme');
  world = await startWorld();
  ({ gatehouse } = world);
  acme = await addSamlOrganisation(world, 'acme', { key });
});
afterAll(() => world.close());

const ENTITY = 'https://idp.example/saml';
const fingerprintOf = ({ cert }: Key) => new X509Certificate(cert).fingerprint256;
const add = (saml: Record<string, unknown> | undefined, more: Record<string, unknown> = {}) =>
  acme.admin.post('/connections', { kind: 'saml', name: 'Tried', ...more, ...(saml && { saml }) });
const told = ({ status, body }: { status: number; body: Record<string, unknown> }) => [status, body.code];

describe('a SAML provider of a tenant', () => {
  it('is connected by its metadata, and shown with what the provider needs of us', async () => {
    const made = await add({ metadata: metadataOf(ENTITY, [key.cert]) });
    const path = `${gatehouse.config.publicUrl}/api/v1/auth/connections/${String(made.body.id)}`;
    expect(made.body).toMatchObject({
      kind: 'saml',
      status: 'disabled',
      issuer: ENTITY,
      clientId: `${path}/metadata`,
      redirectUri: `${path}/acs`,
      hasSecret: false,
      saml: {
        ssoUrl: `${ENTITY}/sso`,
        metadataUrl: null,
        entityId: ENTITY,
        signRequests: false,
        subjectAttribute: null,
      },
      certificates: [{ fingerprint: fingerprintOf(key) }],
    });
    const records = await acme.admin.get(`/audit?resourceId=${String(made.body.id)}`);
    expect(records.text).toContain(fingerprintOf(key));
    expect(records.text).not.toContain('MII');
  });

  it('is connected by the address of its metadata, which are read again when it is named again', async () => {
    const metadataUrl = 'https://idp.example/metadata?app=1';
    const next = await makeKey('next');
    world.providers.documents.set(metadataUrl, metadataOf(ENTITY, [key.cert]));
    const made = await add({ metadataUrl });
    expect(made.body).toMatchObject({ issuer: ENTITY, saml: { metadataUrl } });
    const path = `/connections/${String(made.body.id)}`;
    world.providers.documents.set(metadataUrl, metadataOf(ENTITY, [key.cert, next.cert]));
    const read = await acme.admin.patch(path, { saml: { metadataUrl } });
    expect(read.body).toMatchObject({
      certificates: [{ fingerprint: fingerprintOf(key) }, { fingerprint: fingerprintOf(next) }],
    });
    world.providers.documents.delete(metadataUrl);
    expect(told(await acme.admin.patch(path, { saml: { metadataUrl } }))).toEqual([
      400,
      'connections.provider_unreachable',
    ]);
    // By hand over what was read: the address is not that of what stands there any more.
    const byHand = await acme.admin.patch(path, { saml: { certificates: [next.cert] } });
    expect(byHand.body).toMatchObject({
      saml: {
        metadataUrl: null,
        ssoUrl: `${ENTITY}/sso`,
      },
      certificates: [{ fingerprint: fingerprintOf(next) }],
    });
  });

  it('is connected by hand, with certificates as PEM or as bare base64', async () => {
    const bare = key.cert.replaceAll(/-----[A-Z ]+-----|\s/g, '');
    const made = await add({
      entityId: 'urn:example:idp',
      ssoUrl: 'https://idp.example/sso?tenant=1',
      certificates: [key.cert, bare],
    });
    expect(made.status, made.text).toBe(201);
    expect(made.body).toMatchObject({
      issuer: 'urn:example:idp',
      saml: {
        ssoUrl: 'https://idp.example/sso?tenant=1',
      },
      certificates: [{ fingerprint: fingerprintOf(key) }],
    });
  });

  it('is refused where it is described in two ways, in part, or by what is of other kinds', async () => {
    const metadata = metadataOf(ENTITY, [key.cert]);
    const byHand = { entityId: ENTITY, ssoUrl: `${ENTITY}/sso`, certificates: [key.cert] };
    const short = await makeKey('short', { keySize: 1024 });
    const elliptic = await makeKey('elliptic', { keyType: 'ec', curve: 'P-256' });
    const refused: [Record<string, unknown> | undefined, Record<string, unknown>?][] = [
      [undefined],
      [{ metadata, ...byHand }],
      [{ metadata, metadataUrl: 'https://idp.example/metadata' }],
      [{ ...byHand, entityId: undefined }],
      [{ ...byHand, ssoUrl: undefined }],
      [{ ...byHand, certificates: undefined }],
      [{ ...byHand, certificates: [] }],
      [{ ...byHand, certificates: ['x'.repeat(200)] }],
      [{ ...byHand, certificates: [key.private] }],
      [{ ...byHand, certificates: [short.cert] }],
      [{ ...byHand, certificates: [elliptic.cert] }],
      ...[
        'http://idp.example/sso',
        'javascript:alert(1)',
        'https://a@idp.example/',
        'https://idp.example/#x',
        '//x',
      ].map((ssoUrl): [Record<string, unknown>] => [{ ...byHand, ssoUrl }]),
      [{ metadataUrl: 'http://idp.example/metadata' }],
      [byHand, { clientId: 'gatehouse' }],
      [byHand, { clientSecret: 'a-secret-of-the-provider' }],
      [byHand, { issuer: 'https://idp.example' }],
      [byHand, { scopes: ['groups'] }],
      [byHand, { kind: 'oidc', issuer: 'https://idp.example', clientId: 'gatehouse' }],
    ];
    for (const [saml, more] of refused)
      expect(told(await add(saml, more)), JSON.stringify([saml, more])).toEqual([400, 'request.invalid']);
    expect(
      told(await acme.admin.post('/connections', { kind: 'oidc', name: 'x', issuer: 'https://x.example' })),
    ).toEqual([400, 'request.invalid']);
  });

  it('is refused where its metadata do not describe one provider that can be spoken to', async () => {
    const good = metadataOf(ENTITY, [key.cert]);
    const elliptic = await makeKey('elliptic', { keyType: 'ec', curve: 'P-256' });
    const provider = /<IDPSSODescriptor.*<\/IDPSSODescriptor>/s.exec(good)?.[0] ?? '';
    const refused = [
      'x',
      '<a/>',
      `${good}<a/>`,
      good.replace('<EntityDescriptor', '<!DOCTYPE a [<!ENTITY b "c">]><EntityDescriptor'),
      good.replace(provider, ''),
      good.replace(provider, provider + provider),
      good.replace(/entityID="[^"]*"/, ''),
      good.replace(/entityID="[^"]*"/, 'entityID="two words"'),
      good.replaceAll('HTTP-Redirect', 'SOAP'),
      good.replaceAll('SAML:2.0:protocol', 'SAML:1.1:protocol'),
      good.replaceAll('https://idp.example/saml/sso', 'javascript:alert(1)'),
      good.replaceAll('https://idp.example/saml/sso', 'http://idp.example/saml/sso'),
      good.replaceAll('use="signing"', 'use="encryption"'),
      metadataOf(ENTITY, [elliptic.cert]),
      good.replace('<EntityDescriptor', `<EntityDescriptor>${'<a/>'.repeat(12_000)}<EntityDescriptor`),
    ];
    for (const metadata of refused)
      expect(told(await add({ metadata })), metadata.slice(0, 300)).toEqual([
        400,
        'connections.metadata_refused',
      ]);
  });

  it('gives our metadata to whoever asks, the same at each asking, and to no connection of another kind', async () => {
    const path = `/api/v1/auth/connections/${acme.connectionId}/metadata`;
    const answer = await gatehouse.browser().get(path);
    expect([answer.status, answer.headers['content-type']]).toEqual([
      200,
      'application/samlmetadata+xml; charset=utf-8',
    ]);
    expect(answer.text).toContain(`entityID="${gatehouse.config.publicUrl}${path}"`);
    expect(answer.text).toContain(`Location="${gatehouse.config.publicUrl}${acme.acs}"`);
    expect(answer.text).toContain('nameid-format:persistent');
    expect(answer.text).not.toContain('X509Certificate');
    expect((await gatehouse.browser().get(path)).text).toBe(answer.text);
    for (const id of [newId(), '00000000-0000-7000-8000-00000000c001'])
      expect(told(await gatehouse.browser().get(path.replace(acme.connectionId, id)))).toEqual([
        404,
        'resource.not_found',
      ]);
  });

  it('gets signed requests where it wants them, by a key that is sealed and never shown', async () => {
    const made = await add({ metadata: metadataOf(ENTITY, [key.cert]), signRequests: true });
    const id = String(made.body.id);
    expect(made.body).toMatchObject({ hasSecret: true, saml: { signRequests: true } });
    expect((await acme.admin.post(`/connections/${id}/enable`)).status).toBe(200);
    const [row] = await gatehouse.sql<{ secret_sealed: string }>(
      'select secret_sealed from gatehouse.connections where id = $1',
      [id],
    );
    expect(row?.secret_sealed).toMatch(/^v1\./);
    const metadata = await gatehouse.browser().get(`/api/v1/auth/connections/${id}/metadata`);
    const certificate = /<ds:X509Certificate>([^<]*)</.exec(metadata.text)?.[1]?.replaceAll(/\s/g, '') ?? '';
    for (const { text } of [made, metadata, await acme.admin.get(`/audit?resourceId=${id}`)])
      expect(text).not.toContain('PRIVATE');
    const verifies = async () => {
      const begun = await gatehouse.browser().get(`/api/v1/auth/connections/${id}/login`);
      const { searchParams, search } = new URL(String(begun.headers.location));
      expect(searchParams.get('SigAlg')).toBe('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256');
      const signed = ['SAMLRequest', 'RelayState', 'SigAlg']
        .map((name) =>
          search
            .slice(1)
            .split('&')
            .find((pair) => pair.startsWith(`${name}=`)),
        )
        .join('&');
      return createVerify('RSA-SHA256')
        .update(signed)
        .verify(
          new X509Certificate(Buffer.from(certificate, 'base64')).publicKey,
          searchParams.get('Signature') ?? '',
          'base64',
        );
    };
    expect(await verifies()).toBe(true);
    // Another name, another provider: the key stays that of the connection.
    await acme.admin.patch(`/connections/${id}`, { name: 'Renamed', saml: { signRequests: true } });
    expect(await verifies()).toBe(true);
    const off = await acme.admin.patch(`/connections/${id}`, { saml: { signRequests: false } });
    expect(off.body).toMatchObject({ hasSecret: false, saml: { signRequests: false } });
  });

  it('is another one under another entity id: it goes out of service [threat 30]', async () => {
    const made = await add({ metadata: metadataOf(ENTITY, [key.cert]) });
    const path = `/connections/${String(made.body.id)}`;
    expect((await acme.admin.post(`${path}/enable`)).status).toBe(200);
    const same = await acme.admin.patch(path, { saml: { ssoUrl: 'https://idp.example/elsewhere' } });
    expect(same.body).toMatchObject({ status: 'enabled', saml: { ssoUrl: 'https://idp.example/elsewhere' } });
    const other = await acme.admin.patch(path, { saml: { entityId: 'urn:example:other' } });
    expect(other.body).toMatchObject({ status: 'disabled', issuer: 'urn:example:other' });
  });

  it('is changed by the administrators of its tenant, and by nobody else', async () => {
    const stranger = await addCaller(gatehouse, await addTenant(gatehouse, { name: 'globex' }), 'admin');
    const body = { saml: { certificates: [(await makeKey('thief')).cert] } };
    const path = `/connections/${acme.connectionId}`;
    expect(told(await stranger.patch(path, body))).toEqual([404, 'resource.not_found']);
    const reader = await addCaller(gatehouse, acme.tenantId, 'SECURITY_ANALYST');
    expect((await reader.patch(path, body)).status).toBe(403);
    expect((await acme.admin.get(path)).body).toMatchObject({
      certificates: [{ fingerprint: fingerprintOf(key) }],
    });
  });

  it('is as it was when what was read of it is written again, and nothing is asked anew [threat 78]', async () => {
    const metadataUrl = 'https://idp.example/once';
    world.providers.documents.set(metadataUrl, metadataOf(ENTITY, [key.cert]));
    const made = await add({ metadataUrl, signRequests: true });
    const path = `/connections/${String(made.body.id)}`;
    expect((await acme.admin.post(`${path}/enable`)).status).toBe(200);
    world.providers.documents.delete(metadataUrl);
    const before = (await acme.admin.get(path)).body;
    const { name, issuer, directoryId, clientId, scopes, groupsClaim, roles, createUsers, saml } = before;
    const written = { name, issuer, directoryId, clientId, scopes, groupsClaim, roles, createUsers, saml };
    const answer = await acme.admin.patch(path, written);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toEqual({ ...before, updatedAt: answer.body.updatedAt });
  });
});
