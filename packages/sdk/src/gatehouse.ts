import { type AccessRule, ruleOf } from '@gatehouse/contracts';
import { decide, type Decision, type DecisionRequest } from '@gatehouse/decisions';
import { createApiKeys } from './api-keys.ts';
import { createBundles, type TenantModel } from './bundles.ts';
import { type Caller, callerOf, subjectOf } from './caller.ts';
import { noToken, ownTokenOf } from './credentials.ts';
import { followFeed } from './feed.ts';
import { createGrants, isNarrowed } from './grants.ts';
import { createIntrospection } from './introspection.ts';
import { createInternalToken } from './internal-token.ts';
import { checkCaller, checkPermissions, checkStepUp } from './judge.ts';
import { createKeys } from './keys.ts';
import { type GatehouseOptions, readOptions } from './options.ts';
import { denied, endedToken, invalidToken, unauthenticated } from './problem.ts';
import { Revoked } from './revoked.ts';
import { reachServer } from './server.ts';
import { createAskStanding, type Standing } from './standing.ts';
import { verifySignature } from './token.ts';
import type { Claims } from './json-part.ts';
import { TwoGenerations } from './two-generations.ts';

/** What a request shows of its caller: values of headers, as they came. */
export interface Presented {
  /** `Authorization`. */
  readonly authorization?: string | undefined;
  /** Where the request came from, by whoever is trusted to say so: for API keys that are bound to addresses. */
  readonly clientAddress?: string | undefined;
  /** `X-Internal-Token`. */
  readonly internalToken?: string | undefined;
}

/** A service's side of Gatehouse: who is calling, may they, and do they still. */
export interface Gatehouse {
  /**
   * Follows the feed from now on. Resolves when it has told everything for the first time, or when the time for an answer is over: a
   * service starts without Gatehouse as well, and answers 503 to whoever needs it.
   */
  start(): Promise<void>;
  /** Follows no more; what is asked afterwards, Gatehouse is asked each time. */
  close(): Promise<void>;
  /** The rule of a route, of what was declared around it and on it, outermost first. */
  ruleOf(declared: readonly AccessRule[]): AccessRule;
  /**
   * Lets a request in, or throws the answer. At once, without a promise, where the token has been seen before and the feed is there;
   * else later.
   *
   * @returns the caller; undefined on a public route, where nobody is asked.
   * @throws AccessProblem 401, 403 or 503; a promise rejects with it.
   * @example
   * ```ts
   * const caller = await gatehouse.admit(permissions('invoices:read'), {
   *   authorization: request.headers.get('authorization') ?? undefined,
   * });
   * ```
   */
  admit(rule: AccessRule, presented: Presented): Caller | undefined | Promise<Caller | undefined>;
  /**
   * Whether the caller may do it, by roles and policies of their tenant, with the reasons: for what a route cannot say, because it depends
   * on the resource (spec R4). In process, at once where the tenant's bundle is there.
   *
   * @returns what `decide()` of `@gatehouse/decisions` says; a promise of it where the bundle has to be fetched.
   * @throws AccessProblem `service.unavailable`, or `access.denied` for a tenant that this service does not serve.
   * @example
   * ```ts
   * const { decision, reasons } = await gatehouse.decide(caller, {
   *   action: { name: 'read' },
   *   resource: { type: 'billing:invoices', id: invoice.id, properties: { owner: invoice.ownerId } },
   * });
   * ```
   */
  decide(caller: Caller, question: Question): Decision | Promise<Decision>;
  /** Whether the word of the feed is young enough to decide by. */
  isFresh(): boolean;
}

/** What {@link Gatehouse.decide} is asked; who asks is the caller. */
export type Question = Omit<DecisionRequest, 'subject'>;

interface Remembered {
  readonly caller: Caller;
  /** Milliseconds since 1970, with the tolerance. */
  readonly until: number;
  /** Of `Revoked`, when this was last looked up there. */
  revision: number;
}

/** Gatehouse takes 24 hours for the longest life of a token (`ACCESS_TOKEN_EXPIRE_MINUTES`), and keeps its log for as long. */
const LONGEST_TOKEN = 86_400;
const TYPES = ['at+jwt', 'application/at+jwt'];
const BEARER = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i;
/** Whatever is no JWT by its form: keys have no dot (spec M4). */
const API_KEY = /^Bearer ([A-Za-z0-9_]{20,200})$/i;
const PRUNE_MS = 60_000;
/** Who has no tenant may nothing in any. */
const NOT_IN_A_TENANT: Decision = Object.freeze({
  decision: false,
  reasons: [{ kind: 'other_tenant' as const }],
});

/**
 * Makes a service's side of Gatehouse. It does nothing by itself before `start()`.
 *
 * @throws TypeError for an option that cannot be.
 * @example
 * ```ts
 * const gatehouse = createGatehouse({
 *   issuer: 'https://id.example.com',
 *   tenants: 'all',
 *   credentials: { clientId: 'billing', clientSecret },
 * });
 * await gatehouse.start();
 * ```
 */
export function createGatehouse(options: GatehouseOptions): Gatehouse {
  const settings = readOptions(options);
  const { audiences, isOfTenant, stalenessMs, clockTolerance } = settings;
  const now = () => performance.now();
  const server = reachServer(settings.url, settings.fetch, settings.timeoutMs);
  const remembered = new TwoGenerations<Remembered>(settings.rememberedTokens);
  // SECURITY: what a key that is gone has signed is worth nothing from then on, remembered or not.
  const keys = createKeys(server, now, () => remembered.clear());
  const revoked = new Revoked();
  const token = settings.credentials
    ? ownTokenOf(settings.credentials, server, now, settings.timeoutMs)
    : noToken();
  const { onFault } = settings;
  const bundles = createBundles({ server, token, keys, audiences, now, onFault });
  const grants = createGrants(bundles);
  const introspect = createIntrospection(server, token, onFault);
  const ask = createAskStanding(server, now);
  const apiKeys = createApiKeys({
    introspect,
    revoked,
    isKnownAbout: (tenantId) => isKnownAbout(tenantId),
    now,
  });
  const internal = createInternalToken(settings.internalTokens);
  let toldAt = Number.NEGATIVE_INFINITY;
  /** Whom the feed tells about: a tenant, or all (null). */
  let covers: string | null | undefined;
  let prunedAt = now();
  let following: { stop: AbortController; ended: Promise<void> } | undefined;

  const isFresh = () => now() - toldAt <= stalenessMs;
  /** SECURITY: of callers of other tenants the feed says nothing: what has ended of theirs is not known here. */
  const isKnownAbout = (tenantId: string) => isFresh() && (covers === null || covers === tenantId);

  /** SECURITY: before any rule: who is administrator of another tenant is nobody here. */
  function checkTenant({ kind, tenantId }: Caller): void {
    if (kind !== 'internal' && !isOfTenant(tenantId))
      throw denied('This service is not for the tenant that you work in.');
  }

  function start(): Promise<void> {
    if (following !== undefined || settings.credentials === undefined) return Promise.resolve();
    const stop = new AbortController();
    return new Promise((resolve) => {
      const limit = setTimeout(resolve, settings.timeoutMs);
      const ended = followFeed(
        { server, token, now, signal: stop.signal },
        {
          onRevocation(entry) {
            revoked.add(entry);
            bundles.onEntry(entry);
            apiKeys.onEntry(entry);
          },
          onTold(at, tenantId) {
            toldAt = at;
            covers = tenantId;
            clearTimeout(limit);
            resolve();
            keys.refresh();
            if (now() - prunedAt < PRUNE_MS) return;
            prunedAt = now();
            revoked.forgetBefore(Date.now() / 1000 - LONGEST_TOKEN - clockTolerance);
          },
          onLost() {
            toldAt = Number.NEGATIVE_INFINITY;
            revoked.clear();
            bundles.onLost();
          },
          onFault,
        },
      );
      following = { stop, ended };
    });
  }

  /** SECURITY: by the wall clock and by the feed, each time: nothing that was true before is taken for granted. */
  function checkStill(known: Remembered): Caller {
    if (Date.now() >= known.until) throw invalidToken();
    if (known.revision !== revoked.revision) {
      if (revoked.ends(known.caller.claims)) throw endedToken();
      known.revision = revoked.revision;
    }
    return known.caller;
  }

  function remember(authorization: string, claims: Claims | undefined): Remembered {
    const caller = claims && callerOf(claims, audiences);
    if (caller === undefined) throw invalidToken();
    const { exp, iat, nbf } = caller.claims as { exp: number; iat: number; nbf?: number };
    // SECURITY: what ended a token is kept for as long as one may live; one that lives longer would come back to life.
    if (exp - iat > LONGEST_TOKEN) throw invalidToken();
    if (nbf !== undefined && !(nbf <= Date.now() / 1000 + clockTolerance)) throw invalidToken();
    const known = { caller, until: (exp + clockTolerance) * 1000, revision: -1 };
    checkStill(known);
    remembered.set(authorization, known);
    return known;
  }

  function knownOf(authorization: string): Remembered | Promise<Remembered> {
    const known = remembered.get(authorization);
    if (known !== undefined) return known;
    const presented = BEARER.exec(authorization)?.[1];
    if (presented === undefined) throw invalidToken();
    const verified = verifySignature(presented, TYPES, keys);
    return verified instanceof Promise
      ? verified.then((late) => remember(authorization, late))
      : remember(authorization, verified);
  }

  function judge(rule: AccessRule, known: Remembered): Caller | Promise<Caller> {
    const caller = checkStill(known);
    checkTenant(caller);
    checkCaller(rule, caller);
    if (rule.permissions.length > 0) {
      const held = grants.heldBy(caller);
      if (held instanceof Promise)
        return held.then((late) => {
          // A bundle may be long under way; the session may have ended meanwhile.
          checkStill(known);
          checkPermissions(rule, late);
          checkStepUp(rule, caller, Date.now() / 1000);
          return caller;
        });
      checkPermissions(rule, held);
    }
    checkStepUp(rule, caller, Date.now() / 1000);
    return caller;
  }

  function admitKey(rule: AccessRule, key: string, address: string | undefined): Caller | Promise<Caller> {
    const judgeKey = (caller: Caller) => {
      checkTenant(caller);
      checkCaller(rule, caller);
      checkPermissions(rule, new Set(caller.scopes));
      checkStepUp(rule, caller, 0);
      return caller;
    };
    const caller = apiKeys.find(key, address);
    return caller instanceof Promise ? caller.then(judgeKey) : judgeKey(caller);
  }

  /** Of a service: its roles as they stand, and what they hold by a bundle that is asked for anew. */
  async function judgeServiceByServer(
    rule: AccessRule,
    known: Remembered,
    presented: string,
  ): Promise<Caller> {
    const before = checkStill(known);
    const answer = await introspect(presented);
    if (answer?.sub !== before.id || answer.tenant_id !== before.tenantId) throw endedToken();
    const held = Array.isArray(answer.roles) ? answer.roles.filter((name) => typeof name === 'string') : [];
    const caller = { ...before, roles: held };
    checkCaller(rule, caller);
    if (rule.permissions.length > 0) {
      bundles.onLost();
      checkPermissions(rule, await grants.heldBy(caller));
    }
    checkStepUp(rule, caller, Date.now() / 1000);
    return caller;
  }

  /** Without the feed: as Gatehouse says at this moment. */
  async function judgeByServer(rule: AccessRule, known: Remembered, authorization: string): Promise<Caller> {
    const before = checkStill(known);
    checkTenant(before);
    if (before.kind === 'service')
      return judgeServiceByServer(rule, known, authorization.slice('Bearer '.length));
    const standing: Standing = await ask(authorization.slice('Bearer '.length), before);
    const caller = { ...before, roles: standing.roles };
    checkCaller(rule, caller);
    checkPermissions(rule, standing.permissions);
    checkStepUp(rule, caller, Date.now() / 1000);
    return caller;
  }

  const judged = (rule: AccessRule, known: Remembered, authorization: string) =>
    isKnownAbout(known.caller.tenantId) ? judge(rule, known) : judgeByServer(rule, known, authorization);

  return {
    start,
    async close() {
      const { stop, ended } = following ?? {};
      following = undefined;
      toldAt = Number.NEGATIVE_INFINITY;
      stop?.abort();
      await ended;
    },
    ruleOf: (declared) => ruleOf(declared, settings.undeclared),
    admit(rule, { authorization, clientAddress, internalToken }) {
      if (rule.kind === 'public') return undefined;
      if (authorization === undefined) {
        // SECURITY: a secret that says nothing of its bearer opens what is for services only, and nothing else.
        if (internalToken === undefined || !rule.serviceOnly) throw unauthenticated();
        const caller = internal(internalToken);
        if (caller === undefined) throw invalidToken();
        checkCaller(rule, caller);
        checkPermissions(rule, new Set());
        checkStepUp(rule, caller, 0);
        return caller;
      }
      const key = API_KEY.exec(authorization)?.[1];
      if (key !== undefined) return admitKey(rule, key, clientAddress);
      const known = knownOf(authorization);
      return known instanceof Promise
        ? known.then((late) => judged(rule, late, authorization))
        : judged(rule, known, authorization);
    },
    decide(caller, question) {
      const subject = subjectOf(caller);
      if (subject === undefined) return NOT_IN_A_TENANT;
      // SECURITY: what the feed would have said about the bundle in the meantime, nobody knows.
      if (!isKnownAbout(caller.tenantId)) bundles.onLost();
      const found = bundles.get(caller.tenantId);
      const judgeBy = (of: TenantModel) =>
        decide(of.model, {
          ...question,
          subject: isNarrowed(caller) ? { ...subject, permissions: [...grants.heldIn(of, caller)] } : subject,
        });
      return found instanceof Promise ? found.then(judgeBy) : judgeBy(found);
    },
    isFresh,
  };
}
