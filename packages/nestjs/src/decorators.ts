import {
  type AccessRule,
  allOf,
  type Caller,
  permissions,
  publicAccess,
  roles,
  scopes,
  serviceOnly,
  signedIn,
  stepUp,
  type StepUpDemand,
} from '@gatehouse/sdk';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** What `reflect-metadata` adds; `@nestjs/common` loads it. */
const { defineMetadata, getMetadata } = Reflect as unknown as {
  defineMetadata(key: symbol, value: unknown, target: object): void;
  getMetadata(key: symbol, target: object): unknown;
};

const RULES = Symbol('rules of @gatehouse/nestjs');

/** On a controller or on one of its methods. */
export type AccessDecorator = ClassDecorator & MethodDecorator;

/**
 * Any rules of the vocabulary. Those of a controller and of its method add up, as do several on one: each narrows, none widens, so
 * that `@Public()` on a method of a controller which demands something opens nothing.
 *
 * @example
 * ```ts
 * @Access(permissions('invoices:void'), stepUp({ maxAge: 600 }))
 * ```
 */
export const Access =
  (...rules: readonly [AccessRule, ...AccessRule[]]): AccessDecorator =>
  (target: object, _name?: string | symbol, descriptor?: { value?: unknown }) => {
    const on = typeof descriptor?.value === 'function' ? descriptor.value : target;
    // A class has those of the class that it extends: they narrow it as well.
    defineMetadata(RULES, [...declaredOn(on), allOf(...rules)], on);
  };

/**
 * Open to everybody. @param reason - for whoever reviews the routes.
 *
 * @example
 * ```ts
 * @Public('the load balancer asks here') @Get('healthz') healthz() {}
 * ```
 */
export const Public = (reason?: string): AccessDecorator => Access(publicAccess(reason));

/** Any caller who is known; what is said where nothing is, unless the service says `undeclared: 'deny'`. */
export const SignedIn = (): AccessDecorator => Access(signedIn());

/** Whoever holds one of these roles in the tenant that they work in. @throws TypeError without a name. */
export const Roles = (...names: string[]): AccessDecorator => Access(roles(...names));

/**
 * Whoever holds all of these permissions in the tenant that they work in.
 *
 * @throws TypeError without a name.
 * @example
 * ```ts
 * @Permissions('invoices:read') @Get('invoices') list(@CurrentUser() caller: Caller) {}
 * ```
 */
export const Permissions = (...names: string[]): AccessDecorator => Access(permissions(...names));

/** Whose token carries all of these scopes (RFC 6749 §3.3). @throws TypeError without a name. */
export const Scopes = (...names: string[]): AccessDecorator => Access(scopes(...names));

/** Services only: no person, whatever roles they hold. */
export const ServiceOnly = (): AccessDecorator => Access(serviceOnly());

/**
 * Whoever has proved recently, or by a second factor, who they are (RFC 9470).
 *
 * @param demand - `maxAge` in seconds, `acr: '2'` for a second factor.
 * @throws TypeError when it demands nothing.
 */
export const StepUp = (demand: StepUpDemand): AccessDecorator => Access(stepUp(demand));

/**
 * The caller, or one property of them; undefined on a public route.
 *
 * @example
 * ```ts
 * @Get('me') me(@CurrentUser() caller: Caller, @CurrentUser('tenantId') tenantId: string) {}
 * ```
 */
export const CurrentUser: (property?: keyof Caller) => ParameterDecorator = createParamDecorator(
  (property: keyof Caller | undefined, context: ExecutionContext) => {
    const { caller } = context.switchToHttp().getRequest<{ caller?: Caller }>();
    return property === undefined ? caller : caller?.[property];
  },
);

/** Of a class or a method, in the order in which they narrow. */
export const declaredOn = (target: object): readonly AccessRule[] =>
  (getMetadata(RULES, target) as readonly AccessRule[] | undefined) ?? [];
