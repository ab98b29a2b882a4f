import { type Caller, addCaller, addTenant } from './people.fixture.ts';
import type { TestProvider, TestProviders } from './providers.fixture.ts';
import { startServer, type TestServer } from './server.fixture.ts';
import type { TenantId } from '../src/platform/ids.ts';

/** TXT records of the outside world, by name. */
export type Zone = Map<string, string[]>;

export interface World {
  gatehouse: TestServer;
  zone: Zone;
}

/** A server whose providers and domain name system are those of the test. */
export async function startWorld(providers: TestProviders, env: Record<string, string> = {}): Promise<World> {
  const zone: Zone = new Map();
  const gatehouse = await startServer({
    env: { REGISTRATION: 'tenant', ...env },
    outbound: providers.outbound,
    dns: { resolveTxt: (name) => Promise.resolve((zone.get(name) ?? []).map((text) => [text])) },
  });
  return { gatehouse, zone };
}

/** A tenant with an administrator, its domain proved, and a provider of its own in service. */
export interface Organisation {
  tenantId: TenantId;
  admin: Caller;
  provider: TestProvider;
  connectionId: string;
  /** Where people of it begin to sign in. */
  login: string;
}

export async function addOrganisation(
  { gatehouse, zone }: World,
  providers: TestProviders,
  name: string,
  more: Record<string, unknown> = {},
): Promise<Organisation> {
  const tenantId = await addTenant(gatehouse, { name });
  const admin = await addCaller(gatehouse, tenantId, 'admin');
  const issuer = `https://id.${name}.example`;
  const provider = await providers.add(issuer);
  await proveDomain({ gatehouse, zone }, admin, `${name}.example`);
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

export async function proveDomain({ zone }: World, admin: Caller, domain: string): Promise<string> {
  const added = await admin.post('/domains', { domain });
  if (added.status !== 201) throw new Error(added.text);
  const record = added.body.record as { name: string; value: string };
  zone.set(record.name, [...(zone.get(record.name) ?? []), record.value]);
  const verified = await admin.post(`/domains/${String(added.body.id)}/verify`);
  if (verified.status !== 200) throw new Error(verified.text);
  return String(added.body.id);
}

/** What a provider says of somebody whose address it has checked. */
export const verified = (sub: string, email: string, more: Record<string, unknown> = {}) => ({
  sub,
  email,
  email_verified: true,
  name: 'Ada Lovelace',
  ...more,
});
