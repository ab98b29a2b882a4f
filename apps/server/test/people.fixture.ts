import type { SystemRoleName } from '@gatehouse/contracts';
import { newId, ROOT_TENANT, type TenantId } from '../src/platform/ids.ts';
import type { Answer } from './browser.fixture.ts';
import type { TestServer } from './server.fixture.ts';
import { addPerson, call, type Person, signIn } from './standing/people.fixture.ts';

/** Somebody who calls the API with a bearer token. */
export interface Caller extends Person {
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  patch(path: string, body?: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
  /** Goes on in another tenant, and speaks from there if it was let in. */
  switchTo(tenantId: TenantId): Promise<Answer>;
  /** A new session, at home. */
  signInAgain(): Promise<void>;
}

/** Adds an active user with these roles to a tenant and gives it a voice; paths are below `/api/v1`. */
export async function addCaller(
  gatehouse: TestServer,
  tenantId: TenantId,
  ...roles: SystemRoleName[]
): Promise<Caller> {
  const person = await addPerson(gatehouse, tenantId, roles);
  const send = (method: string, path: string, body?: unknown) =>
    call(gatehouse, person.token, { method, url: `/api/v1${path}`, body });
  return {
    ...person,
    get: (path) => send('GET', path),
    post: (path, body) => send('POST', path, body),
    patch: (path, body) => send('PATCH', path, body),
    delete: (path) => send('DELETE', path),
    switchTo: async (id) => {
      const answer = await send('POST', '/auth/switch-tenant', { tenantId: id });
      const token = answer.cookies.find(({ name }) => name.endsWith('.at'))?.value;
      if (token !== undefined) person.token = token;
      return answer;
    },
    signInAgain: async () => {
      person.token = (await signIn(gatehouse, tenantId, person.userId)).accessToken;
    },
  };
}

export async function addTenant(
  gatehouse: Pick<TestServer, 'sql'>,
  tenant: { name?: string; type?: 'customer' | 'partner'; parent?: TenantId } = {},
): Promise<TenantId> {
  const id = newId<'tenant'>();
  await gatehouse.sql(
    `insert into gatehouse.tenants (id, parent_id, type, name, created_at, updated_at) values ($1, $2, $3, $4, now(), now())`,
    [id, tenant.parent ?? ROOT_TENANT, tenant.type ?? 'customer', tenant.name ?? 'Acme'],
  );
  return id;
}

/** A partner with a customer, and an administrator of each. */
export async function openPartnership(
  gatehouse: TestServer,
): Promise<{ partner: TenantId; customer: TenantId; boss: Caller; owner: Caller }> {
  const partner = await addTenant(gatehouse, { type: 'partner', name: 'Partner' });
  const customer = await addTenant(gatehouse, { parent: partner, name: 'Customer' });
  const boss = await addCaller(gatehouse, partner, 'admin');
  const owner = await addCaller(gatehouse, customer, 'admin');
  return { partner, customer, boss, owner };
}

/** The items of a list, as the tests look at them. */
export const itemsOf = (answer: Answer): Record<string, unknown>[] =>
  (answer.body.items ?? []) as unknown as Record<string, unknown>[];

/** All pages of a list, one after the other. */
export async function allPages(caller: Caller, path: string, limit: number): Promise<Answer[]> {
  const pages: Answer[] = [];
  let cursor: string | null = '';
  while (cursor !== null && pages.length < 100) {
    const separator = path.includes('?') ? '&' : '?';
    const tail: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: Answer = await caller.get(`${path}${separator}limit=${limit}${tail}`);
    if (page.status !== 200) throw new Error(page.text);
    pages.push(page);
    cursor = page.body.nextCursor as string | null;
  }
  return pages;
}
