import { type AccessRule, AccessProblem, type Caller, type Gatehouse } from '@gatehouse/sdk';
import type { NextFunction, Request, RequestHandler, Response } from 'express';

declare global {
  namespace Express {
    interface Request {
      /** Whoever is calling; undefined on a public route. */
      caller?: Caller | undefined;
    }
  }
}

/** On a middleware that `allow()` made: the rules that it stands for. */
const RULES = Symbol('rules of @gatehouse/express');
export type AllowHandler = RequestHandler & { readonly [RULES]: readonly AccessRule[] };

export const rulesOf = (handler: unknown): readonly AccessRule[] =>
  typeof handler === 'function' && RULES in handler ? (handler as AllowHandler)[RULES] : [];

/** What was demanded of this request on its way to the route. */
const demanded = new WeakMap<Request, AccessRule[]>();
export const demandedOf = (request: Request): readonly AccessRule[] => demanded.get(request) ?? [];

/**
 * The handlers whose rules the guard of a route has found kept by this request.
 *
 * SECURITY: not all that stand on the route, which has other methods too: `request.route` stays when the request goes on, and who came
 * by an open GET would pass what is demanded of POST wherever it stands (threats 75 and 76).
 */
export const judged = new WeakMap<Request, readonly unknown[]>();

/**
 * Makes the middleware that says who may pass.
 *
 * On a route of a guarded app it declares the route's rule, which the guard judges before the first handler. With `use()` it judges by
 * itself, and what it demands is demanded of all that comes after it. A public rule opens the one route on which it stands, and
 * nothing by `use()`.
 *
 * @example
 * ```ts
 * const allow = allowWith(gatehouse);
 * app.get('/invoices', allow(permissions('invoices:read')), listInvoices);
 * app.use('/files', allow(signedIn()), express.static('files')); // no route, and so not guarded by itself
 * ```
 */
export const allowWith =
  (gatehouse: Gatehouse) =>
  (...rules: readonly AccessRule[]): RequestHandler => {
    const rule = gatehouse.ruleOf(rules);
    const handler: RequestHandler = (request, response, next) => {
      // The guard of the route has judged it, with all the others.
      if (judged.get(request)?.includes(handler) === true) {
        next();
        return;
      }
      if (rule.kind !== 'public') demanded.set(request, [...demandedOf(request), rule]);
      admit(gatehouse, rule, request, response, next);
    };
    return Object.assign(handler, { [RULES]: rules });
  };

/** The caller of a route that is not public. @throws Error on a public one. */
export function callerOf({ caller }: Pick<Request, 'caller'>): Caller {
  if (caller === undefined) throw new Error('callerOf() on a public route');
  return caller;
}

export function admit(
  gatehouse: Gatehouse,
  rule: AccessRule,
  request: Request,
  response: Response,
  next: NextFunction,
): void {
  const pass = (caller: Caller | undefined) => {
    request.caller = caller;
    next();
  };
  const refuse = (error: unknown) => {
    if (error instanceof AccessProblem)
      response.status(error.status).set(error.headers).end(JSON.stringify(error.document));
    else next(error);
  };
  let admitted: ReturnType<Gatehouse['admit']>;
  try {
    const internal = request.headers['x-internal-token'];
    admitted = gatehouse.admit(rule, {
      authorization: request.headers.authorization,
      clientAddress: request.ip,
      internalToken: typeof internal === 'string' ? internal : undefined,
    });
  } catch (error) {
    refuse(error);
    return;
  }
  if (admitted instanceof Promise) void admitted.then(pass, refuse);
  else pass(admitted);
}
