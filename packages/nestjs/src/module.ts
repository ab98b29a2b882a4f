import { AccessProblem, type AccessRule, type Caller, type Gatehouse } from '@gatehouse/sdk';
import {
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  HttpException,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { APP_GUARD, HttpAdapterHost } from '@nestjs/core';
import { declaredOn } from './decorators.ts';

/** To have the {@link Gatehouse} injected: `@Inject(GATEHOUSE) gatehouse: Gatehouse`. */
export const GATEHOUSE = Symbol('Gatehouse');

/** Of {@link GatehouseModule}. */
export interface GatehouseModuleOptions {
  /** Made by `createGatehouse`; the module starts and closes it with the application. */
  readonly gatehouse: Gatehouse;
}

/** What both platforms have on a request. */
interface GuardedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** By the platform's own setting of trusted proxies, which is none. */
  readonly ip?: string;
  caller?: Caller | undefined;
}

type Handler = ReturnType<ExecutionContext['getHandler']>;

/**
 * Judges each request when its handler was found: no spelling of a path, no HEAD and no header for another method leads past it.
 * {@link GatehouseModule} makes it global; there is nothing else to do with it.
 */
export class GatehouseGuard implements CanActivate {
  readonly #gatehouse: Gatehouse;
  readonly #adapter: HttpAdapterHost;
  /** By class as well: a method that two controllers inherit is narrowed by each. */
  readonly #rules = new WeakMap<object, WeakMap<Handler, AccessRule>>();

  constructor(gatehouse: Gatehouse, adapter: HttpAdapterHost) {
    this.#gatehouse = gatehouse;
    this.#adapter = adapter;
  }

  /** @throws HttpException with the problem details, when the caller is not let in. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const rule = this.#ruleOf(context.getClass(), context.getHandler());
    // SECURITY: what does not come by HTTP shows no caller that could be judged.
    if (context.getType<string>() !== 'http') return rule.kind === 'public';
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    const pass = (caller: Caller | undefined) => {
      request.caller = caller;
      return true;
    };
    const refuse = (error: unknown) => this.#refuse(error, context);
    try {
      const { authorization, 'x-internal-token': internal } = request.headers;
      const caller = this.#gatehouse.admit(rule, {
        clientAddress: request.ip,
        authorization: typeof authorization === 'string' ? authorization : undefined,
        internalToken: typeof internal === 'string' ? internal : undefined,
      });
      return caller instanceof Promise ? caller.then(pass, refuse) : pass(caller);
    } catch (error) {
      return refuse(error);
    }
  }

  #ruleOf(controller: object, handler: Handler): AccessRule {
    let ofController = this.#rules.get(controller);
    if (ofController === undefined) this.#rules.set(controller, (ofController = new WeakMap()));
    let rule = ofController.get(handler);
    if (rule === undefined) {
      rule = this.#gatehouse.ruleOf([...declaredOn(controller), ...declaredOn(handler)]);
      ofController.set(handler, rule);
    }
    return rule;
  }

  #refuse(error: unknown, context: ExecutionContext): never {
    if (!(error instanceof AccessProblem)) throw error;
    const response: unknown = context.switchToHttp().getResponse();
    for (const [name, value] of Object.entries(error.headers))
      this.#adapter.httpAdapter.setHeader(response, name, value);
    throw new HttpException(error.document, error.status, { cause: error });
  }
}

/** Starts and closes the Gatehouse with the application. */
class GatehouseLife implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #gatehouse: Gatehouse;

  constructor(gatehouse: Gatehouse) {
    this.#gatehouse = gatehouse;
  }

  onApplicationBootstrap(): Promise<void> {
    return this.#gatehouse.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.#gatehouse.close();
  }
}

/**
 * Guards the whole application.
 *
 * @example
 * ```ts
 * @Module({ imports: [GatehouseModule.forRoot({ gatehouse })], controllers: [InvoicesController] })
 * class AppModule {}
 * ```
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows modules by their classes
export class GatehouseModule {
  static forRoot({ gatehouse }: GatehouseModuleOptions): DynamicModule {
    return {
      module: GatehouseModule,
      global: true,
      providers: [
        { provide: GATEHOUSE, useValue: gatehouse },
        { provide: GatehouseLife, useFactory: () => new GatehouseLife(gatehouse) },
        {
          provide: APP_GUARD,
          useFactory: (adapter: HttpAdapterHost) => new GatehouseGuard(gatehouse, adapter),
          inject: [HttpAdapterHost],
        },
      ],
      exports: [GATEHOUSE],
    };
  }
}
