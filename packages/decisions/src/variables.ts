/**
 * The variables of a condition, and their types. A class for each, since the evaluator tells types by class; members are read when a
 * condition asks for them, so that attributes which no condition looks at cost nothing.
 */
import { Environment } from '@marcbachmann/cel-js';
import { own, typed, untyped } from './attributes.ts';
import type { AttributeType, BundleTenant, ResourceDeclaration, ServiceEntry } from './bundle.ts';
import { LIMITS } from './limits.ts';
import type { Attributes, DecisionRequest, Subject } from './request.ts';

/** What conditions may say of a subject, an action, a resource, and the tenant. */
export const FIELDS = {
  subject: {
    type: 'string',
    id: 'string',
    tenant_id: 'string',
    roles: 'list<string>',
    permissions: 'list<string>',
    namespace: 'string',
    properties: 'map<string, dyn>',
  },
  action: { name: 'string', properties: 'map<string, dyn>' },
  resource: { type: 'string', id: 'string', properties: 'map<string, dyn>' },
  tenant: { id: 'string', slug: 'string', type: 'string', services: 'map<string, dyn>' },
} as const;

const CEL_TYPES: Readonly<Record<AttributeType, string>> = {
  string: 'string',
  bool: 'bool',
  int: 'int',
  double: 'double',
  timestamp: 'google.protobuf.Timestamp',
  'list<string>': 'list<string>',
  map: 'map<string, dyn>',
};

class SubjectVariable {
  readonly #subject: Subject;
  readonly #tenant: TenantVariable;
  #properties: unknown;
  constructor(subject: Subject, tenant: TenantVariable) {
    this.#subject = subject;
    this.#tenant = tenant;
  }
  get type() {
    return this.#subject.type;
  }
  get id() {
    return this.#subject.id;
  }
  get tenant_id() {
    return this.#tenant.id;
  }
  get roles() {
    return this.#subject.roles;
  }
  get permissions() {
    return this.#subject.permissions;
  }
  get namespace() {
    return this.#subject.namespace;
  }
  get properties() {
    return (this.#properties ??= untyped(this.#subject.properties));
  }
}

class ActionVariable {
  readonly #action: DecisionRequest['action'];
  #properties: unknown;
  constructor(action: DecisionRequest['action']) {
    this.#action = action;
  }
  get name() {
    return this.#action.name;
  }
  get properties() {
    return (this.#properties ??= untyped(this.#action.properties));
  }
}

/** The tenant, the same for all its decisions. */
export class TenantVariable {
  readonly id: string;
  readonly slug: string | undefined;
  readonly type: string;
  readonly services: ReadonlyMap<
    string,
    { readonly namespace: string; readonly may_call: readonly string[] }
  >;
  constructor(tenant: BundleTenant, services: Readonly<Record<string, ServiceEntry>>) {
    this.id = tenant.id;
    this.slug = tenant.slug ?? undefined;
    this.type = tenant.type;
    this.services = new Map(
      Object.entries(services).map(([id, { namespace, mayCall }]) => [id, { namespace, may_call: mayCall }]),
    );
  }
}

type Resource = DecisionRequest['resource'];

/** What evaluates the conditions about one type of resource. */
export interface Variables {
  readonly environment: Environment;
  bind(request: DecisionRequest, tenant: TenantVariable): object;
}

const shared = new Environment({
  limits: {
    maxAstNodes: LIMITS.conditionNodes,
    maxDepth: LIMITS.conditionDepth,
    maxListElements: LIMITS.literalElements,
    maxMapEntries: LIMITS.literalElements,
    maxCallArguments: 4,
  },
})
  .registerType('Subject', { ctor: SubjectVariable, fields: FIELDS.subject })
  .registerType('Action', { ctor: ActionVariable, fields: FIELDS.action })
  .registerType('Tenant', { ctor: TenantVariable, fields: FIELDS.tenant })
  .registerVariable('subject', 'Subject')
  .registerVariable('action', 'Action')
  .registerVariable('tenant', 'Tenant')
  .registerVariable('context', 'map<string, dyn>');

/** The variables for a type of resource; without a declaration its properties are whatever the caller says. */
export function variablesFor(declaration: ResourceDeclaration | undefined): Variables {
  const environment = shared.clone();
  const propertiesOf = declaration && declare(environment, declaration);

  class ResourceVariable {
    readonly #resource: Resource;
    #properties: unknown;
    constructor(resource: Resource) {
      this.#resource = resource;
    }
    get type() {
      return this.#resource.type;
    }
    get id() {
      return this.#resource.id;
    }
    get properties() {
      return (this.#properties ??=
        propertiesOf?.(this.#resource.properties) ?? untyped(this.#resource.properties));
    }
  }

  environment
    .registerType('Resource', {
      ctor: ResourceVariable,
      fields: { ...FIELDS.resource, properties: propertiesOf ? 'Properties' : FIELDS.resource.properties },
    })
    .registerVariable('resource', 'Resource');

  return {
    environment,
    bind: (request, tenant) => new Scope(request, tenant, (resource) => new ResourceVariable(resource)),
  };
}

/** The variables of one request, each made when a condition first asks for it. */
class Scope {
  readonly #request: DecisionRequest;
  readonly #resourceOf: (resource: Resource) => object;
  readonly tenant: TenantVariable;
  #subject: SubjectVariable | undefined;
  #action: ActionVariable | undefined;
  #resource: object | undefined;
  #context: unknown;
  constructor(request: DecisionRequest, tenant: TenantVariable, resourceOf: (resource: Resource) => object) {
    this.#request = request;
    this.tenant = tenant;
    this.#resourceOf = resourceOf;
  }
  get subject() {
    return (this.#subject ??= new SubjectVariable(this.#request.subject, this.tenant));
  }
  get action() {
    return (this.#action ??= new ActionVariable(this.#request.action));
  }
  get resource() {
    return (this.#resource ??= this.#resourceOf(this.#request.resource));
  }
  get context() {
    return (this.#context ??= untyped(this.#request.context));
  }
}

/** Registers the attributes of a resource as a type of their own, with a getter for each. */
function declare(environment: Environment, { attributes }: ResourceDeclaration) {
  class Properties {
    readonly #values: Attributes | undefined;
    constructor(values: Attributes | undefined) {
      this.#values = values;
    }
    static read(properties: Properties, name: string, type: AttributeType) {
      return typed(own(properties.#values, name), type);
    }
  }
  const fields: Record<string, string> = {};
  for (const [name, type] of Object.entries(attributes)) {
    // SECURITY: a getter of that name would change what the object is; no attribute can be called so.
    if (name === 'constructor' || name === '__proto__') continue;
    fields[name] = CEL_TYPES[type];
    Object.defineProperty(Properties.prototype, name, {
      get(this: Properties) {
        return Properties.read(this, name, type);
      },
    });
  }
  environment.registerType('Properties', { ctor: Properties, fields });
  return (values: Attributes | undefined) => new Properties(values);
}
