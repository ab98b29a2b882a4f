import type { AccessRule, Gatehouse } from '@gatehouse/sdk';
import type { Application, RequestHandler } from 'express';
import { admit, demandedOf, judged, rulesOf } from './admit.ts';

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
 * Call it before another app is mounted in an app. Start and close the Gatehouse with your server.
 *
 * @throws Error when another app is mounted in it already: what is in that cannot be seen. Mounting such an app later throws as well.
 * @example
 * ```ts
 * const app = express();
 * guard(app, gatehouse);
 * app.get('/healthz', allow(publicAccess('the load balancer asks here')), healthz);
 * app.get('/invoices', allow(permissions('invoices:read')), listInvoices);
 * ```
 */
export function guard(app: Application, gatehouse: Gatehouse): void {
  const router: unknown = app.router;
  if (!isRouter(router)) throw new Error('guard() cannot see into this app: it is none of Express 5');
  guardRouter(router, gatehouse);
  if (guardedApps.has(app)) return;
  guardedApps.add(app);
  const mount = app.use.bind(app) as (...handlers: unknown[]) => unknown;
  // An app that is mounted in an app becomes a function in which it cannot be seen any more.
  app.use = ((...handlers: unknown[]) => {
    for (const each of handlers.flat(Infinity)) if (isApp(each)) guard(each, gatehouse);
    return mount(...handlers);
  }) as typeof app.use;
}

const guardedApps = new WeakSet<object>();
const guardedRouters = new WeakSet<object>();
const guardedRoutes = new WeakSet<object>();

/** SECURITY: in a router an app stands as it is, and is as open as a router that nobody guards (threats 75 and 76). */
function guardMounted(handler: unknown, gatehouse: Gatehouse): void {
  if (isApp(handler)) guard(handler, gatehouse);
  else if (isRouter(handler)) guardRouter(handler, gatehouse);
}

function guardRouter(router: Router, gatehouse: Gatehouse): void {
  if (guardedRouters.has(router)) return;
  guardedRouters.add(router);
  try {
    for (const { route, handle, name } of router.stack) {
      if (name === 'mounted_app') throw new Error('guard() comes before other apps are mounted');
      if (route !== undefined) guardRoute(route, gatehouse);
      else guardMounted(handle, gatehouse);
    }
  } catch (error) {
    // What was refused once is not taken for guarded the next time.
    guardedRouters.delete(router);
    throw error;
  }
  const makeRoute = router.route.bind(router);
  router.route = (path) => {
    const route = makeRoute(path);
    guardRoute(route, gatehouse);
    return route;
  };
  const use = router.use.bind(router);
  router.use = (...handlers) => {
    for (const each of handlers.flat(Infinity)) guardMounted(each, gatehouse);
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
    const reached = reachedOn(route, request.method);
    const rule =
      outside.length > 0
        ? gatehouse.ruleOf([...outside, ...reached.flatMap(rulesOf)])
        : ownRule(request.method);
    admit(gatehouse, rule, request, response, (error?: unknown) => {
      if (error === undefined) judged.set(request, reached);
      next(error);
    });
  });
  // First of all handlers, and no reason for Express to take the route for one of all methods.
  for (const layer of route.stack.splice(-2)) route.stack.unshift(layer);
  if (!handlesAll) delete route.methods._all;

  function ownRule(method: string): AccessRule {
    const { length } = route.stack;
    const known = rules.get(method);
    if (known?.length === length) return known.rule;
    const rule = gatehouse.ruleOf(reachedOn(route, method).flatMap(rulesOf));
    rules.set(method, { length, rule });
    return rule;
  }
}

/** The handlers that this method reaches; for OPTIONS, which asks about all of them, all. */
function reachedOn({ stack, methods }: Route, asked: string): unknown[] {
  const named = asked.toLowerCase();
  const method = named === 'head' && methods.head !== true ? 'get' : named;
  const isReached = (layer: Layer) =>
    layer.method === undefined || layer.method === method || method === 'options';
  return stack.filter(isReached).map(({ handle }) => handle);
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

/** As Express itself tells them. */
const isApp = (value: unknown): value is Application =>
  typeof value === 'function' && 'handle' in value && 'set' in value;
