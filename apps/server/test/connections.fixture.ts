import { createFakeClock } from '@gatehouse/testing';
import type { TenantId } from '../src/platform/ids.ts';
import type { Answer, TestBrowser } from './browser.fixture.ts';
import { type Caller, addCaller, addTenant } from './people.fixture.ts';
import { createTestProviders, type TestProvider, type TestProviders } from './providers.fixture.ts';
import { startServer, type TestServer } from './server.fixture.ts';

/** Where people begin to sign in, and who says there who they are. */
export interface Door {
  provider: TestProvider;
  login: string;
}

/** A server, and the world outside of it. */
export interface World {
  gatehouse: TestServer;
  /** TXT records of the domain name system, by name. */
  zone: Map<string, string[]>;
  providers: TestProviders;
  /** Signs in as whoever the provider says, in a browser of their own unless told. */
  enter(
    at: Door,
    claims: Record<string, unknown>,
    browser?: TestBrowser,
  ): Promise<{ answer: Answer; browser: TestBrowser }>;
  me(browser: TestBrowser): Promise<Record<string, unknown>>;
  usersOf(email: string): Promise<{ tenant_id: string; id: string; proved: boolean }[]>;
  close(): Promise<void>;
}

/** A server whose providers and domain name system are those of the test. */
export async function startWorld(env: Record<string, string> = {}): Promise<World> {
  const zone: World['zone'] = new Map();
  const clock = createFakeClock();
  const providers = createTestProviders(() => clock.now());
  const gatehouse = await startServer({
    env: { REGISTRATION: 'tenant', ...env },
    clock,
    outbound: providers.outbound,
    dns: { resolveTxt: (name) => Promise.resolve((zone.get(name) ?? []).map((text) => [text])) },
  });
  return {
    gatehouse,
    zone,
    providers,
    async enter({ provider, login }, claims, browser = gatehouse.browser()) {
      provider.claims = claims;
      return { answer: await providers.signIn(browser, login), browser };
    },
    me: async (browser) => (await browser.get('/api/v1/auth/me')).body,
    usersOf: (email) =>
      gatehouse.sql(
        'select tenant_id, id, email_verified_at is not null as proved from gatehouse.users where email_key = $1',
        [email],
      ),
    async close() {
      await gatehouse.close();
      await providers.stop();
    },
  };
}

/** The settings that connect Google for the whole platform. */
export const GOOGLE = { GOOGLE_CLIENT_ID: 'google-client', GOOGLE_CLIENT_SECRET: 'google-secret' };

/** Google, in a world whose settings name it. */
export const addGoogle = async ({ providers }: World): Promise<Door> => ({
  provider: await providers.add('https://accounts.google.com', { takes: 'client_secret_post' }),
  login: '/api/v1/auth/google/login',
});

/** A tenant with an administrator, its domain proved, and a provider of its own in service. */
export interface Organisation extends Door {
  tenantId: TenantId;
  admin: Caller;
  connectionId: string;
}

export async function addOrganisation(
  world: World,
  name: string,
  more: Record<string, unknown> = {},
): Promise<Organisation> {
  const tenantId = await addTenant(world.gatehouse, { name });
  const admin = await addCaller(world.gatehouse, tenantId, 'admin');
  const issuer = `https://id.${name}.example`;
  const provider = await world.providers.add(issuer);
  await proveDomain(world, admin, `${name}.example`);
  const connectionId = await connect(admin, { name, issuer, ...more });
  return {
    tenantId,
    admin,
    provider,
    connectionId,
    login: `/api/v1/auth/connections/${connectionId}/login`,
  };
}

export async function connect(admin: Caller, body: Record<string, unknown>): Promise<string> {
  const made = await admin.post('/connections', {
    kind: 'oidc',
    clientId: 'gatehouse',
    clientSecret: 'a-secret-of-the-provider',
    ...body,
  });
  if (made.status !== 201) throw new Error(made.text);
  const enabled = await admin.post(`/connections/${String(made.body.id)}/enable`);
  if (enabled.status !== 200) throw new Error(enabled.text);
  return String(made.body.id);
}

export async function proveDomain(
  { zone }: World,
  admin: Pick<Caller, 'post'>,
  domain: string,
): Promise<string> {
  const added = await admin.post('/domains', { domain });
  if (added.status !== 201) throw new Error(added.text);
  const record = added.body.record as { name: string; value: string };
  zone.set(record.name, [...(zone.get(record.name) ?? []), record.value]);
  const verified = await admin.post(`/domains/${String(added.body.id)}/verify`);
  if (verified.status !== 200) throw new Error(verified.text);
  return String(added.body.id);
}

/** The same secret but for its last two characters, which may be any of its own, too. */
export const otherEnd = (secret: string): string =>
  secret.slice(0, -2) + (secret.endsWith('AA') ? 'QQ' : 'AA');

/** What a provider says of somebody whose address it has checked. */
export const verified = (sub: string, email: string, more: Record<string, unknown> = {}) => ({
  sub,
  email,
  email_verified: true,
  name: 'Ada Lovelace',
  ...more,
});
