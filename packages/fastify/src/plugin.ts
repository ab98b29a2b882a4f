import { type AccessRule, AccessProblem, type Caller, type Gatehouse } from '@gatehouse/sdk';
import type {
  FastifyInstance,
  FastifyPluginCallback,
  FastifyReply,
  FastifyRequest,
  onRequestHookHandler,
} from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may reach the route: one rule, or several that add up. What says nothing takes a signed-in caller, or nobody. */
    allow?: AccessRule | readonly AccessRule[];
  }
  interface FastifyRequest {
    /** Whoever is calling; undefined on a public route. */
    caller: Caller | undefined;
  }
}

/** Of {@link gatehousePlugin}. */
export interface GatehousePluginOptions {
  /** Made by `createGatehouse`; the plugin starts and closes it with the app. */
  readonly gatehouse: Gatehouse;
}

/** Milliseconds that a body may take before its sender is judged once more (threats 43 and 44). */
const LATE_MS = 250;

/**
 * Guards all routes of the app, whatever plugin they are in. Register it before any plugin that has routes.
 *
 * @throws Error when plugins with a scope of their own were loaded before: their routes would be open.
 * @example
 * ```ts
 * const app = fastify();
 * await app.register(gatehousePlugin, { gatehouse });
 * app.get('/invoices', { config: { allow: permissions('invoices:read') } }, (request) => listInvoices(callerOf(request).tenantId));
 * ```
 */
export const gatehousePlugin: FastifyPluginCallback<GatehousePluginOptions> = (app, { gatehouse }, done) => {
  if (hasScopes(app)) {
    done(new Error('@gatehouse/fastify is registered before every plugin that has a scope'));
    return;
  }
  const judge = judgeWith(gatehouse);
  app.decorateRequest('caller', undefined);
  const judgedAt = new WeakMap<FastifyRequest, number>();
  app.addHook('onRequest', (request, reply, next) => {
    // No route matched: the not-found handler answers, and there is nothing to protect.
    if (request.is404) {
      next();
      return;
    }
    if (carriesBody(request)) judgedAt.set(request, performance.now());
    judge(request, reply, next);
  });
  // SECURITY: whoever holds back the last byte must not act as who they were when the first one came.
  app.addHook('preHandler', (request, reply, next) => {
    const at = judgedAt.get(request);
    if (at === undefined || performance.now() - at <= LATE_MS) next();
    else judge(request, reply, next);
  });
  app.addHook('onReady', () => gatehouse.start());
  app.addHook('onClose', () => gatehouse.close());
  done();
};
// What fastify-plugin does: hooks and decorators are those of the app, not of a scope of the plugin's own.
Object.assign(gatehousePlugin, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@gatehouse/fastify',
});

/**
 * Demands something of all routes in a scope, beside what each says itself.
 *
 * @param scope - the instance that a plugin gets. Call it before the first route of the plugin: one before it is refused.
 * @example
 * ```ts
 * app.register((scope, _options, done) => {
 *   narrow(scope, roles('FINANCE_MANAGER'));
 *   scope.get('/ledger', readLedger); // takes a FINANCE_MANAGER
 *   done();
 * });
 * ```
 */
export function narrow(scope: FastifyInstance, ...rules: readonly AccessRule[]): void {
  scope.addHook('onRoute', (route) => {
    route.config = { ...route.config, allow: [...rules, ...declaredOf(route.config?.allow)] };
  });
  scope.addHook('onRequest', (request, _reply, next) => {
    const declared = declaredOf(request.routeOptions.config.allow);
    // SECURITY: a route that was declared before its scope was narrowed must not be wider than it.
    const isNarrowed = request.is404 || rules.every((rule) => declared.includes(rule));
    next(isNarrowed ? undefined : new Error('narrow() comes before the routes of its scope'));
  });
}

/** The caller of a route that is not public. @throws Error on a public one. */
export function callerOf({ caller }: Pick<FastifyRequest, 'caller'>): Caller {
  if (caller === undefined) throw new Error('callerOf() on a public route');
  return caller;
}

const declaredOf = (allow: AccessRule | readonly AccessRule[] | undefined): readonly AccessRule[] =>
  allow === undefined ? [] : [allow].flat();

function judgeWith(gatehouse: Gatehouse) {
  const rules = new WeakMap<object, AccessRule>();
  const ruleOf = ({ routeOptions: { config } }: FastifyRequest): AccessRule => {
    let rule = rules.get(config);
    if (rule === undefined) {
      rule = gatehouse.ruleOf(declaredOf(config.allow));
      rules.set(config, rule);
    }
    return rule;
  };
  return (request: FastifyRequest, reply: FastifyReply, next: Parameters<onRequestHookHandler>[2]): void => {
    const admit = (caller: Caller | undefined) => {
      request.caller = caller;
      next();
    };
    const refuse = (error: unknown) => {
      if (error instanceof AccessProblem)
        void reply.code(error.status).headers(error.headers).send(JSON.stringify(error.document));
      else next(error as Error);
    };
    try {
      const caller = gatehouse.admit(ruleOf(request), {
        authorization: request.headers.authorization,
        clientAddress: request.ip,
        internalToken: textOf(request.headers['x-internal-token']),
      });
      if (caller instanceof Promise) void caller.then(admit, refuse);
      else admit(caller);
    } catch (error) {
      refuse(error);
    }
  };
}

const textOf = (value: string | string[] | undefined) => (typeof value === 'string' ? value : undefined);

/** Known from the head alone: a chunked body that turns out empty may have been held back for just as long. */
const carriesBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

/** SECURITY: a scope inherits the hooks that are there when it is made, and none that come later. */
function hasScopes(app: FastifyInstance): boolean {
  const symbol = Object.getOwnPropertySymbols(app).find(
    ({ description }) => description === 'fastify.children',
  );
  const children = symbol && (app as unknown as Record<symbol, unknown>)[symbol];
  return Array.isArray(children) && children.length > 0;
}
