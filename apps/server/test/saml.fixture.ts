import type { TenantId } from '../src/platform/ids.ts';
import type { Answer, TestBrowser } from './browser.fixture.ts';
import { proveDomain, type World } from './connections.fixture.ts';
import { addCaller, addTenant, type Caller } from './people.fixture.ts';
import {
  type Forging,
  forge,
  type Key,
  metadataOf,
  type Person,
  readRequest,
  respond,
  type SamlProvider,
  type SamlRequest,
} from './saml-provider.fixture.ts';

/** A tenant whose people sign in by SAML: an administrator, a proved domain, a provider in service. */
export interface SamlOrganisation extends SamlProvider {
  tenantId: TenantId;
  admin: Caller;
  connectionId: string;
  login: string;
  acs: string;
}

export async function addSamlOrganisation(
  world: World,
  name: string,
  {
    key,
    entityId = `https://idp.${name}.example/saml`,
    saml = {},
    ...more
  }: Record<string, unknown> & {
    key: Key;
    entityId?: string;
    saml?: Record<string, unknown>;
  },
): Promise<SamlOrganisation> {
  const tenantId = await addTenant(world.gatehouse, { name });
  const admin = await addCaller(world.gatehouse, tenantId, 'admin');
  await proveDomain(world, admin, `${name}.example`);
  const body = { name, ...more, saml: { metadata: metadataOf(entityId, [key.cert]), ...saml } };
  return { tenantId, admin, entityId, key, ...(await connectSaml(admin, body)) };
}

export async function connectSaml(admin: Caller, body: Record<string, unknown>) {
  const made = await admin.post('/connections', { kind: 'saml', ...body });
  if (made.status !== 201) throw new Error(made.text);
  const connectionId = String(made.body.id);
  const enabled = await admin.post(`/connections/${connectionId}/enable`);
  if (enabled.status !== 200) throw new Error(enabled.text);
  const path = `/api/v1/auth/connections/${connectionId}`;
  return { connectionId, login: `${path}/login`, acs: `${path}/acs` };
}

/** Begins at our link; resolves to what the provider reads. */
export async function beginSaml(browser: TestBrowser, login: string): Promise<SamlRequest> {
  const begun = await browser.get(login);
  if (begun.status !== 303) throw new Error(begun.text);
  return readRequest(String(begun.headers.location));
}

/** What the provider's page has a browser do: a form, posted from another site, where no cookie of ours comes along. */
export function postResponse(
  world: World,
  acs: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  // Providers write the machine's time into what they sign, and the server's clock has stood still all the while: on a machine that is
  // slow enough the two are further apart than clocks may be.
  const { clock } = world.gatehouse;
  const behind = Date.now() - clock.now().getTime();
  if (behind > 60_000) clock.advance({ seconds: behind / 1000 });
  return world.gatehouse.browser({ origin: 'https://idp.example' }).request({
    method: 'POST',
    url: acs,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: new URLSearchParams(form).toString(),
  });
}

/** The rest of the way: the post, and then the browser that began follows where it is sent. */
export async function comeBack(
  world: World,
  browser: TestBrowser,
  acs: string,
  request: SamlRequest,
  xml: string,
): Promise<Answer> {
  const posted = await postResponse(world, acs, {
    SAMLResponse: Buffer.from(xml).toString('base64'),
    RelayState: request.query.RelayState ?? '',
  });
  if (posted.status !== 303) return posted;
  const { pathname, search } = new URL(String(posted.headers.location));
  return browser.get(`${pathname}${search}`);
}

/** Whole ways in, by what the provider says of somebody. */
export const createSamlEntering = (world: World) => ({
  /** By a response that the provider made. */
  async enter(at: SamlOrganisation, who: Person, options: Record<string, unknown> = {}) {
    const browser = world.gatehouse.browser();
    const request = await beginSaml(browser, at.login);
    const response = await respond(at, request, who, options);
    return { answer: await comeBack(world, browser, at.acs, request, response), browser };
  },
  /** By one that was made by hand. */
  async enterForged(at: SamlOrganisation, who: Person, how: Forging = {}) {
    const browser = world.gatehouse.browser();
    const request = await beginSaml(browser, at.login);
    return { answer: await comeBack(world, browser, at.acs, request, forge(at, request, who, how)), browser };
  },
  /** Why the last sign-in by a connection was refused, as its administrators find it. */
  async lastRefusal({ connectionId }: Pick<SamlOrganisation, 'connectionId'>) {
    const [record] = await world.gatehouse.sql<{ after: { verdict: string; reason?: string } }>(
      `select after from gatehouse.audit_records where action = 'failed_login' and resource_id = $1 order by id desc limit 1`,
      [connectionId],
    );
    return record?.after;
  },
});

/** Somebody of acme. */
export const person = (nameId: string, more: Partial<Person> = {}): Person => ({
  nameId,
  email: `${nameId}@acme.example`,
  ...more,
});
export const told = ({ status, body }: Answer) => [status, body.code];
