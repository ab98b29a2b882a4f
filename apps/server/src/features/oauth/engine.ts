import {
  type Adapter,
  type AdapterPayload,
  type ClientCredentials,
  type Configuration,
  errors,
  ExternalSigningKey,
  Provider,
  type ResourceServer,
} from 'oidc-provider';
import { type ActiveKey, createTokenSigner, generateSigningKey } from '../../platform/crypto/index.ts';
import { enterOwn } from '../../platform/access/index.ts';
import type { Deps } from '../deps.ts';
import {
  audienceOf,
  findService,
  isServiceSecret,
  listCallees,
  type ServiceContext,
  servicePrincipal,
} from '../services/index.ts';

/** Seconds (spec S2). */
const SERVICE_TOKEN_SECONDS = 300;
// A character of a secret as RFC 6749 appendix A.2 writes them, and none of base64url.
const SECRET_SEPARATOR = '.';

type EngineDeps = Pick<Deps, 'config' | 'clock' | 'doors' | 'serviceContexts' | 'tenantRules' | 'tokens'>;

const scopeOf = (param: unknown): string | undefined =>
  typeof param === 'string' && param !== '' ? param : undefined;

/** The protocol engine with our data behind it, for as long as one key signs. */
export interface Engine {
  /** The engine of the key that signs now. */
  current(): Promise<Provider>;
}

/**
 * oidc-provider as far as it is used today: client credentials at the token endpoint (RFC 6749 §4.4). Its keys are fixed when it is
 * made, ours change while we run: there is one engine for each key that signs.
 */
export function createEngine(deps: EngineDeps): Engine {
  let made: { kid: string; provider: Promise<Provider> } | undefined;
  return {
    current() {
      const { signer } = deps.tokens;
      if (made?.kid !== signer.kid) {
        const one = { kid: signer.kid, provider: makeProvider(deps, signer) };
        made = one;
        // One that could not be made is made again for the next request.
        one.provider.catch(() => {
          if (made === one) made = undefined;
        });
      }
      return made.provider;
    },
  };
}

async function makeProvider(deps: EngineDeps, signer: ActiveKey): Promise<Provider> {
  // A shared secret is no key of a key set, and is given to the engine with each token. It wants a set all the same: one of a key that
  // nobody has, and that signs nothing.
  const key = signer.publicKey ? signer : await idleKey();
  const provider = new Provider(deps.config.publicUrl, configurationOf(deps, signer, new OurKey(key)));
  // What the engine knows as the secret are the hashes of those that are good now.
  provider.Client.prototype.compareClientSecret = function compareClientSecret(presented: string) {
    const hashes = (this.clientSecret ?? '')
      .split(SECRET_SEPARATOR)
      .map((hash) => Buffer.from(hash, 'base64url'));
    return isServiceSecret(presented, hashes);
  };
  // Which pages may read an answer is said in one place, and it does not say all of them (spec D3).
  provider.use(async (ctx, next) => {
    await next();
    for (const name of CROSS_ORIGIN) ctx.remove(name);
  });
  return provider;
}

const CROSS_ORIGIN = ['access-control-allow-origin', 'access-control-expose-headers'];

const configurationOf = (deps: EngineDeps, signer: ActiveKey, key: OurKey): Configuration => ({
  adapter: (name: string) => adapterOf(deps, name),
  jwks: { keys: [key] },
  routes: { token: '/oauth2/token' },
  clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
  responseTypes: [],
  // The engine looks at it though no ID token is made.
  clientDefaults: { id_token_signed_response_alg: key.alg },
  scopes: [],
  ttl: { ClientCredentials: SERVICE_TOKEN_SECONDS },
  clockTolerance: 0,
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    userinfo: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    externalSigningSupport: { enabled: true, ack: 'experimental-01' },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => deps.config.publicUrl,
      getResourceServerInfo: (ctx, resource, client) =>
        resourceServerOf(deps, signer, resource, {
          clientId: client.clientId,
          scope: scopeOf(ctx.oidc.params?.scope),
        }),
    },
  },
  extraTokenClaims: async (_ctx, token) => {
    const context = await deps.serviceContexts.get((token as ClientCredentials).clientId ?? '');
    if (!context) throw new errors.InvalidClient('the service is suspended', 'gone between secret and token');
    return { tenant_id: context.tenant_id, namespace: context.namespace, roles: context.role_names };
  },
  formats: {
    customizers: {
      // All of us go by the database's clock (docs/adr/0042), and so do tokens.
      jwt: (_ctx, _token, jwt) => {
        const iat = Math.floor(deps.clock.now().getTime() / 1000);
        Object.assign(jwt.payload, { iat, exp: iat + SERVICE_TOKEN_SECONDS });
      },
    },
  },
});

/**
 * What a token may be for: Gatehouse itself, or a service that the map of allowed calls names (spec R4).
 *
 * @throws {errors.InvalidTarget} for everything else, whether there is such a service or not
 * @throws {errors.InvalidScope} for a scope that the service's roles do not hold
 */
async function resourceServerOf(
  deps: EngineDeps,
  signer: ActiveKey,
  resource: string,
  asked: { clientId: string; scope: string | undefined },
): Promise<ResourceServer> {
  const context = await deps.serviceContexts.get(asked.clientId);
  if (!context || !(await mayCall(deps, context, resource))) throw new errors.InvalidTarget();
  // SECURITY: the engine leaves out what it does not know, and a token without a scope has all that its roles hold.
  const { permissions } = await servicePrincipal(deps, context, undefined);
  const beyond = asked.scope?.split(' ').find((name) => !permissions.has(name));
  if (beyond !== undefined) throw new errors.InvalidScope('the roles of the service do not hold it', beyond);
  return {
    scope: asked.scope ?? '',
    audience: resource,
    accessTokenTTL: SERVICE_TOKEN_SECONDS,
    accessTokenFormat: 'jwt',
    jwt: { sign: signatureOf(deps, signer) },
  };
}

async function mayCall(deps: EngineDeps, caller: ServiceContext, resource: string): Promise<boolean> {
  if (resource === deps.config.publicUrl) return true;
  const scope = enterOwn({ kind: 'system', tenantId: caller.tenant_id, reason: 'allowed calls' });
  const callees = await deps.doors.withTenant(scope, (tx) => listCallees(tx, caller.principal_id));
  return callees.some(
    ({ status, client_id }) =>
      status === 'active' && audienceOf(deps.config.publicUrl, client_id) === resource,
  );
}

function signatureOf({ config }: EngineDeps, { alg, kid }: ActiveKey) {
  if (alg !== 'HS256') return { alg, kid };
  if (config.secretKey === undefined) throw new Error('HS256 without SECRET_KEY');
  return { alg, kid, key: Buffer.from(config.secretKey) };
}

async function idleKey(): Promise<ActiveKey> {
  const key = await generateSigningKey('ES256');
  return createTokenSigner({ active: key, all: [key] }).signer;
}

/** The key that signs access tokens, for an engine that must not see its private half. */
class OurKey extends ExternalSigningKey {
  readonly #key: ActiveKey;
  constructor(key: ActiveKey) {
    super();
    this.#key = key;
  }
  override get kid() {
    return this.#key.kid;
  }
  override get alg() {
    return this.#key.alg;
  }
  override keyObject() {
    if (this.#key.publicKey === undefined) throw new TypeError('a shared secret has no public half');
    return this.#key.publicKey;
  }
  override sign(data: Uint8Array) {
    return this.#key.make(Buffer.from(data));
  }
}

/** Clients are found in our tables; nothing else is stored: the tokens are JWTs. */
const adapterOf = (deps: EngineDeps, name: string): Adapter => ({
  find: async (id) => (name === 'Client' ? findClientMetadata(deps, id) : undefined),
  upsert: notStored,
  findByUid: notStored,
  findByUserCode: notStored,
  consume: notStored,
  destroy: notStored,
  revokeByGrantId: notStored,
});

const CLIENT_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;
const notStored = () => Promise.reject(new Error('the engine stores nothing here'));

async function findClientMetadata(deps: EngineDeps, id: string): Promise<AdapterPayload | undefined> {
  // What is no client_id is nobody's: the database does not even take all that a form can hold, such as a NUL.
  if (!CLIENT_ID.test(id)) return undefined;
  const service = await findService(deps.doors, id, deps.clock.now());
  if (!service || service.secret_hashes.length === 0) return undefined;
  return {
    client_id: service.client_id,
    client_secret: service.secret_hashes.map((hash) => hash.toString('base64url')).join(SECRET_SEPARATOR),
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic',
  };
}
