import type { AccessRule, Gatehouse } from '@gatehouse/sdk';
import type { Application, RequestHandler } from 'express';
import { admit, demandedOf, guardedRoutes, rulesOf } from './admit.ts';

/** As much of Express's router as stands in its way (router 2, `lib/route.js`). */
interface Route {
  readonly stack: Layer[];
  readonly methods: Record<string, boolean>;
  all(handler: RequestHandler): this;
  options(handler: RequestHandler): this;
}
interface Layer {
  readonly name: string;
  /** Undefined for a handler of all methods. */
  readonly method?: string;
  readonly handle: unknown;
  readonly route?: Route;
}
interface Router {
  readonly stack: Layer[];
  route(path: string): Route;
  use(...handlers: unknown[]): unknown;
}

/**
 * Guards all routes of an app, and of all routers and apps that are mounted in it: those that are there, and those that come. A route
 * that says nothing takes a signed-in caller, or nobody. What is mounted by `use()` and is no router is a middleware, and is not
 * judged: put `allow()` before it.
 *
 * Call it before another app is mounted. Start and close the Gatehouse with your server.
 *
 * @throws Error when another app is mounted already: what is in it cannot be seen.
 * @example
 * ```ts
 * const app = express();
 * guard(app, gatehouse);
 * app.get('/healthz', allow(publicAccess('the load balancer asks here')), healthz);
 * app.get('/invoices', allow(permissions('invoices:read')), listInvoices);
 * ```
 */
export function guard(app: Application, gatehouse: Gatehouse): void {
  guardRouter(app.router as unknown as Router, gatehouse);
  const mount = app.use.bind(app) as (...handlers: unknown[]) => unknown;
  // A mounted app becomes a function in which it cannot be seen any more.
  app.use = ((...handlers: unknown[]) => {
    for (const each of handlers.flat(Infinity)) if (isApp(each)) guard(each, gatehouse);
    return mount(...handlers);
  }) as typeof app.use;
}

const guardedRouters = new WeakSet<object>();

function guardRouter(router: Router, gatehouse: Gatehouse): void {
  if (guardedRouters.has(router)) return;
  guardedRouters.add(router);
  for (const { route, handle, name } of router.stack) {
    if (name === 'mounted_app') throw new Error('guard() comes before other apps are mounted');
    if (route !== undefined) guardRoute(route, gatehouse);
    else if (isRouter(handle)) guardRouter(handle, gatehouse);
  }
  const makeRoute = router.route.bind(router);
  router.route = (path) => {
    const route = makeRoute(path);
    guardRoute(route, gatehouse);
    return route;
  };
  const use = router.use.bind(router);
  router.use = (...handlers) => {
    for (const each of handlers.flat(Infinity)) if (isRouter(each)) guardRouter(each, gatehouse);
    return use(...handlers);
  };
}

/** SECURITY: the guard is in the route itself, so that no spelling of a path leads past it (threats 75 and 76). */
function guardRoute(route: Route, gatehouse: Gatehouse): void {
  if (guardedRoutes.has(route)) return;
  guardedRoutes.add(route);
  const rules = new Map<string, { length: number; rule: AccessRule }>();
  const handlesAll = route.methods._all === true;
  route.options(answerOptions(route));
  route.all((request, response, next) => {
    const outside = demandedOf(request);
    const rule =
      outside.length > 0
        ? gatehouse.ruleOf([...outside, ...declaredOn(route, request.method)])
        : ownRule(request.method);
    admit(gatehouse, rule, request, response, next);
  });
  // First of all handlers, and no reason for Express to take the route for one of all methods.
  for (const layer of route.stack.splice(-2)) route.stack.unshift(layer);
  if (!handlesAll) delete route.methods._all;

  function ownRule(method: string): AccessRule {
    const { length } = route.stack;
    const known = rules.get(method);
    if (known?.length === length) return known.rule;
    const rule = gatehouse.ruleOf(declaredOn(route, method));
    rules.set(method, { length, rule });
    return rule;
  }
}

/** What stands on the handlers that this method reaches; for OPTIONS, which asks about all of them, on all. */
function declaredOn({ stack, methods }: Route, asked: string): AccessRule[] {
  const named = asked.toLowerCase();
  const method = named === 'head' && methods.head !== true ? 'get' : named;
  const isReached = (layer: Layer) =>
    layer.method === undefined || layer.method === method || method === 'options';
  return stack.filter(isReached).flatMap(({ handle }) => rulesOf(handle));
}

/** In place of Express's own answer, which tells everybody what there is. */
const answerOptions =
  (route: Route): RequestHandler =>
  (_request, response, next) => {
    if (route.stack.filter(({ method }) => method === 'options').length > 1) {
      next();
      return;
    }
    const methods = Object.keys(route.methods).filter((method) => method !== '_all');
    const allowed = methods.includes('get') ? [...methods, 'head'] : methods;
    response.status(204).set('allow', allowed.join(', ').toUpperCase()).end();
  };

const isRouter = (value: unknown): value is Router =>
  typeof value === 'function' && 'stack' in value && Array.isArray(value.stack) && 'route' in value;

const isApp = (value: unknown): value is Application =>
  typeof value === 'function' && 'handle' in value && 'set' in value && 'engine' in value;
