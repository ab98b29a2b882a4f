import type { Revocation } from '@gatehouse/contracts';
import { type Bundle, compileModel, type Model } from '@gatehouse/decisions';
import type { Audiences } from './caller.ts';
import type { OwnToken } from './credentials.ts';
import type { Keys } from './keys.ts';
import { AccessProblem, denied, unavailable } from './problem.ts';
import { type GatehouseServer, ServerAnswer } from './server.ts';
import { verifySignature } from './token.ts';
import { TwoGenerations } from './two-generations.ts';

/** All that a tenant's decisions depend on, made ready. */
export interface TenantModel {
  readonly model: Model;
  /** Role → the permissions that it holds. */
  readonly roles: ReadonlyMap<string, readonly string[]>;
}

/** The signed bundles of tenants (docs/adr/0088), fetched when they are needed, and again when the feed says that they have changed. */
export interface Bundles {
  /**
   * @throws AccessProblem `service.unavailable` when it cannot be fetched; `access.denied` for a tenant whose bundle this service may not
   *   have.
   */
  get(tenantId: string): TenantModel | Promise<TenantModel>;
  /** An entry of the feed: what it says may have changed a bundle. */
  onEntry(entry: Pick<Revocation, 'kind' | 'tenantId'>): void;
  /** Nothing is known for certain any more. */
  onLost(): void;
}

interface Held extends Partial<TenantModel> {
  readonly etag: string;
  /** When it was asked for, by `now()`. */
  readonly askedAt: number;
  /** A refusal that is remembered, so that callers of a tenant which is not served do not make us ask for each. */
  readonly refusal?: AccessProblem;
}

const ROOT_TENANT = '00000000-0000-7000-8000-000000000001';
const KINDS = new Set<Revocation['kind']>(['access', 'tenant', 'client']);
const MOST_TENANTS = 1000;
/** Another process of Gatehouse learns of a change a quarter of a second later than the one that told it: until then, asked again. */
const SETTLED_MS = 500;
const AGAIN_MS = 100;
/** What no entry tells (features of a tenant) is known after so long. */
const OLD_MS = 30_000;
const BUNDLE = ['gatehouse-bundle+jwt'];

export function createBundles(deps: {
  server: GatehouseServer;
  token: OwnToken;
  keys: Keys;
  audiences: Pick<Audiences, 'issuer'>;
  now: () => number;
  onFault(fault: unknown): void;
}): Bundles {
  const { server, now } = deps;
  const known = new TwoGenerations<Held>(MOST_TENANTS);
  const asking = new Map<string, Promise<TenantModel>>();
  const changedAt = new TwoGenerations<number>(MOST_TENANTS);
  let allChangedAt = Number.NEGATIVE_INFINITY;

  /** SECURITY: what was asked for before a change, or so soon after it that the answer may be older, is asked for again. */
  function isCurrent({ askedAt }: Held, tenantId: string): boolean {
    const changed = Math.max(allChangedAt, changedAt.get(tenantId) ?? Number.NEGATIVE_INFINITY);
    const age = now() - askedAt;
    return age < OLD_MS && (askedAt >= changed + SETTLED_MS || (askedAt >= changed && age < AGAIN_MS));
  }

  async function ask(tenantId: string): Promise<TenantModel> {
    const before = known.get(tenantId);
    const askedAt = now();
    try {
      const answer = await server.getText(
        `/api/v1/tenants/${encodeURIComponent(tenantId)}/bundle`,
        await deps.token.get(),
        before?.etag,
      );
      const next = answer === undefined ? { ...before, askedAt } : await open(answer, tenantId, askedAt);
      known.set(tenantId, next as Held);
      return take(next as Held);
    } catch (error) {
      const status = error instanceof ServerAnswer ? error.status : 0;
      if (status === 401) deps.token.forget();
      if (status === 404) {
        const refusal = denied('This service does not serve your tenant.');
        known.set(tenantId, { etag: '', askedAt, refusal });
        throw refusal;
      }
      if (error instanceof AccessProblem) throw error;
      deps.onFault(error);
      throw unavailable(error);
    }
  }

  /** SECURITY: signed by a key that signs tokens, but not as a token, and of the tenant that was asked for. */
  async function open(
    { text, etag }: { text: string; etag: string },
    tenantId: string,
    askedAt: number,
  ): Promise<Held> {
    const claims = await verifySignature(text, BUNDLE, deps.keys, text.length);
    const bundle = claims as (Bundle & { iss?: unknown }) | undefined;
    if (bundle === undefined || bundle.iss !== deps.audiences.issuer || bundle.tenant.id !== tenantId)
      throw new TypeError('the bundle is not signed, or is another’s');
    return { etag, askedAt, model: compileModel(bundle), roles: new Map(Object.entries(bundle.roles)) };
  }

  return {
    get(tenantId) {
      const held = known.get(tenantId);
      if (held !== undefined && isCurrent(held, tenantId)) return take(held);
      let answer = asking.get(tenantId);
      if (answer === undefined) {
        answer = ask(tenantId).finally(() => asking.delete(tenantId));
        asking.set(tenantId, answer);
      }
      // One that was asked for before a change came in is not the answer to a question that comes after it.
      return answer.then((model) => {
        const later = known.get(tenantId);
        const isLate = later !== undefined && !isCurrent(later, tenantId);
        return isLate ? ask(tenantId) : model;
      });
    },
    onEntry({ kind, tenantId }) {
      if (!KINDS.has(kind)) return;
      // What is registered in the root tenant counts in every tenant.
      if (tenantId === ROOT_TENANT) allChangedAt = now();
      else changedAt.set(tenantId, now());
    },
    onLost() {
      allChangedAt = now();
    },
  };
}

function take({ model, roles, refusal }: Held): TenantModel {
  if (refusal !== undefined) throw refusal;
  if (model === undefined || roles === undefined) throw unavailable();
  return { model, roles };
}
