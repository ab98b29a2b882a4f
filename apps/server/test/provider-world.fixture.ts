import pg from 'pg';
import type { Answer } from './browser.fixture.ts';
import {
  addGoogle,
  addOrganisation,
  GOOGLE,
  proveDomain,
  startWorld,
  verified,
  type World,
} from './connections.fixture.ts';
import { addCaller, type Caller, itemsOf } from './people.fixture.ts';
import { forge, makeKey, metadataOf, readRequest, type SamlProvider } from './saml-provider.fixture.ts';
import { connectSaml, postResponse } from './saml.fixture.ts';
import { PLATFORM_CONNECTIONS } from '../src/features/connections/platform-connections.ts';
import { ROOT_TENANT, type TenantId } from '../src/platform/ids.ts';

/** A provider of the tenant's own that speaks OpenID Connect, one that speaks SAML, and one of the platform. */
export const VIAS = ['oidc', 'saml', 'google'] as const;
export type Via = (typeof VIAS)[number];
export type OwnVia = Exclude<Via, 'google'>;

/** What a provider says of whoever is there. */
export interface Said {
  sub: string;
  email: string;
  isVerified: boolean;
  /** When they proved to it who they are. */
  provedAt: Date | 'not said';
}

/** A tenant with its three providers, and what its administrators and providers do. */
export interface ProviderWorld {
  world: World;
  tenantId: TenantId;
  connections: Record<Via, string>;
  login: Record<Via, string>;
  viaOf(row: SessionRow): Via | 'password';
  /** The providers that state when people prove who they are, or have done so before: this is kept from one order to the next. */
  statesTime: Set<Via>;
  /** Acts of the platform on the tenant; what the tenant demands of its own people is no matter to it. */
  administer(path: string): Promise<void>;
  /** The same for what may be refused. */
  ask(method: 'post' | 'delete', path: string, body?: unknown): Promise<Answer>;
  setRules(rules: { mfa: string; restricted: boolean; users?: number | null }): Promise<void>;
  setDomain(isProved: boolean): Promise<void>;
  serve(via: OwnVia, isOn: boolean): Promise<void>;
  sessionsOf(emails: string[]): Promise<Map<string, SessionRow>>;
  /** How many users and guests the tenant has who are called so. */
  membersOf(email: string): Promise<{ users: number; guests: number }>;
  /** Has the provider answer what it was asked; resolves to where the browser goes then, if anywhere. */
  answer(via: Via, location: string, said: Said): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface SessionRow {
  id: string;
  email: string;
  amr: string[];
  connection: string | null;
  auth_time: Date;
  live: boolean;
}

const ENTITY = 'https://idp.acme.example/saml';

export async function openProviderWorld(): Promise<ProviderWorld> {
  const world = await startWorld(GOOGLE);
  const { gatehouse } = world;
  const acme = await addOrganisation(world, 'acme');
  const google = await addGoogle(world);
  const key = await makeKey('acme');
  const saml = await connectSaml(acme.admin, {
    name: 'SAML',
    saml: { metadata: metadataOf(ENTITY, [key.cert]) },
  });
  const platform = await addCaller(gatehouse, ROOT_TENANT, 'PLATFORM_ADMIN', 'admin');
  const base = `/tenants/${acme.tenantId}`;
  const done = async (path: string, answer: ReturnType<Caller['post']>) => {
    const { status, text, body } = await answer;
    if (status >= 300) throw new Error(`${path}: ${text}`);
    return body;
  };
  const connections = {
    oidc: acme.connectionId,
    saml: saml.connectionId,
    google: PLATFORM_CONNECTIONS.google,
  };
  const administer = async (path: string) => {
    await platform.signInAgain();
    await done(path, platform.post(base + path));
  };
  const stands = { domain: true, oidc: true, saml: true };
  const database = new pg.Client({ connectionString: gatehouse.superuserUrl });
  await database.connect();
  const doors = { oidc: acme.provider, google: google.provider };
  return {
    world,
    tenantId: acme.tenantId,
    connections,
    statesTime: new Set(['saml']),
    viaOf: ({ connection }) => VIAS.find((via) => connections[via] === connection) ?? 'password',
    login: { oidc: acme.login, saml: saml.login, google: google.login },
    administer,
    async ask(method, path, body) {
      await platform.signInAgain();
      return method === 'post' ? platform.post(base + path, body) : platform.delete(base + path);
    },
    async serve(via, isOn) {
      if (isOn === stands[via]) return;
      stands[via] = isOn;
      const id = via === 'oidc' ? acme.connectionId : saml.connectionId;
      await administer(`/connections/${id}/${isOn ? 'enable' : 'disable'}`);
    },
    async sessionsOf(emails) {
      const { rows } = await database.query<SessionRow>(
        `select s.id, u.email, s.amr, s.connection_id as connection, s.auth_time,
           s.ended_at is null and least(s.expires_at, s.idle_expires_at) > $2 as live
         from gatehouse.sessions s join gatehouse.users u on u.tenant_id = s.tenant_id and u.id = s.user_id
         where u.email = any($1)`,
        [emails, gatehouse.clock.now()],
      );
      return new Map(rows.map((row) => [row.id, row]));
    },
    async membersOf(email) {
      const { rows } = await database.query<{ users: number; guests: number }>(
        `select count(*) filter (where m.user_tenant_id = m.tenant_id)::int as users,
           count(*) filter (where m.user_tenant_id <> m.tenant_id)::int as guests
         from gatehouse.memberships m join gatehouse.users u on u.tenant_id = m.user_tenant_id and u.id = m.user_id
         where m.tenant_id = $1 and u.email_key = $2`,
        [acme.tenantId, email],
      );
      return rows[0] ?? { users: 0, guests: 0 };
    },
    async setRules({ mfa, restricted, users = null }) {
      await platform.signInAgain();
      const { version } = (await platform.get(`${base}/settings`)).body;
      const signIn = { policy: restricted ? 'restricted' : 'standard' };
      const settings = { signIn, mfa: { policy: mfa, rememberDays: 0 }, limits: { users } };
      await done('settings', platform.patch(`${base}/settings`, { version, settings }));
    },
    async setDomain(isProved) {
      if (isProved === stands.domain) return;
      stands.domain = isProved;
      await platform.signInAgain();
      const held = itemsOf(await platform.get(`${base}/domains`));
      for (const { id } of held) await done('domain', platform.delete(`${base}/domains/${String(id)}`));
      const inTenant = { post: (path: string, body?: unknown) => platform.post(base + path, body) };
      if (isProved) await proveDomain(world, inTenant, 'acme.example');
    },
    async answer(via, location, said) {
      if (via === 'saml') return answerBySaml(world, { entityId: ENTITY, key }, saml.acs, location, said);
      const provider = doors[via];
      provider.claims = { ...verified(said.sub, said.email), email_verified: said.isVerified };
      provider.provedAt = said.provedAt;
      const back = await world.providers.authorize(location);
      return back.pathname + back.search;
    },
    async close() {
      await database.end();
      await world.close();
    },
  };
}

/** By a response whose times are those of the test's clock, posted as the provider's page has the browser do. */
async function answerBySaml(
  world: World,
  provider: SamlProvider,
  acs: string,
  location: string,
  { sub, email, provedAt }: Said,
): Promise<string | undefined> {
  const request = await readRequest(location);
  const ahead = world.gatehouse.clock.now().getTime() - Date.now();
  const edit = (xml: string) =>
    xml
      // The library that reads it knows the real time alone, by which it is valid as well.
      .replace(
        /(IssueInstant|NotOnOrAfter)="([^"]*)"/g,
        (_, name: string, text: string) => `${name}="${new Date(Date.parse(text) + ahead).toISOString()}"`,
      )
      .replace(
        /AuthnInstant="[^"]*"/,
        provedAt === 'not said' ? 'SessionIndex="x"' : `AuthnInstant="${provedAt.toISOString()}"`,
      );
  const xml = forge(provider, request, { nameId: sub, email }, { edit });
  const posted = await postResponse(world, acs, {
    SAMLResponse: Buffer.from(xml).toString('base64'),
    RelayState: request.query.RelayState ?? '',
  });
  if (posted.status !== 303) return undefined;
  const { pathname, search } = new URL(String(posted.headers.location));
  return pathname + search;
}

/** What the page is told in the fragment of its address. */
export const tokenOf = ({ headers }: Answer, name: 'token' | 'link'): string =>
  new URLSearchParams(/#(.*)$/.exec(String(headers.location))?.[1]).get(name) ?? '';
