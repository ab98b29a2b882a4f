/**
 * The access matrix: what each kind of route answers to each kind of caller, whatever the framework. One file, which the tests of all
 * adapters are held against (threats 75 and 76).
 */

/** A demand in plain words, which each adapter's test says in its own. */
export type Demand =
  | { say: 'public' | 'signedIn' | 'serviceOnly' }
  | { say: 'roles' | 'permissions' | 'scopes'; names: string[] }
  | { say: 'stepUp'; maxAge: number; acr: '2' };

export const CALLERS = [
  'nobody',
  'forged',
  'ended',
  'reader',
  'manager',
  'manager, long ago',
  'service',
  'service of another audience',
  'secret',
  'wrong secret',
] as const;
export type MatrixCaller = (typeof CALLERS)[number];

export interface MatrixRoute {
  /** Its last part; before it stands what mutations are made of. */
  readonly name: string;
  /** Of the controller, the scope or the router around it. */
  readonly outer?: Demand[];
  readonly own?: Demand[];
  /** Who gets in; of the others, who is not known gets 401 and who is gets 403. */
  readonly lets: readonly MatrixCaller[];
  /** Known, but asked for a better proof: 401 as well. */
  readonly asks?: readonly MatrixCaller[];
}

const KNOWN: readonly MatrixCaller[] = ['reader', 'manager', 'manager, long ago', 'service'];
const MANAGERS: readonly MatrixCaller[] = ['manager', 'manager, long ago'];
const MANAGER: Demand = { say: 'roles', names: ['admin', 'FINANCE_MANAGER'] };

export const ROUTES: readonly MatrixRoute[] = [
  { name: 'undeclared', lets: KNOWN },
  { name: 'public', own: [{ say: 'public' }], lets: CALLERS },
  { name: 'signed-in', own: [{ say: 'signedIn' }], lets: KNOWN },
  { name: 'roles', own: [MANAGER], lets: MANAGERS },
  {
    name: 'permissions',
    own: [{ say: 'permissions', names: ['invoices:read', 'invoices:void'] }],
    lets: MANAGERS,
  },
  { name: 'scopes', own: [{ say: 'scopes', names: ['invoices:export'] }], lets: MANAGERS },
  { name: 'services', own: [{ say: 'serviceOnly' }], lets: ['service', 'secret'] },
  {
    name: 'services-with-a-role',
    own: [{ say: 'serviceOnly' }, { say: 'permissions', names: ['tickets:read'] }],
    lets: ['service'],
  },
  {
    name: 'step-up',
    own: [MANAGER, { say: 'stepUp', maxAge: 600, acr: '2' }],
    lets: ['manager'],
    asks: ['manager, long ago'],
  },
  { name: 'inside', outer: [MANAGER], lets: MANAGERS },
  {
    name: 'inside-narrower',
    outer: [MANAGER],
    own: [{ say: 'permissions', names: ['tickets:close'] }],
    lets: [],
  },
  { name: 'inside-public', outer: [MANAGER], own: [{ say: 'public' }], lets: MANAGERS },
];

/** Callers that a service which takes the secret does not know. */
const STRANGERS = new Set<MatrixCaller>([
  'nobody',
  'forged',
  'ended',
  'service of another audience',
  'wrong secret',
]);

/** The status that a route answers to a caller. */
export function expectedStatus(route: MatrixRoute, caller: MatrixCaller): 200 | 401 | 403 {
  if (route.lets.includes(caller)) return 200;
  if (STRANGERS.has(caller) || route.asks?.includes(caller)) return 401;
  // The secret says who is calling only where services are asked for.
  if (caller === 'secret') return route.own?.some(({ say }) => say === 'serviceOnly') ? 403 : 401;
  return 403;
}

/** Other spellings of the path `/area/x`, and what frameworks, proxies and servers have taken for it. */
export function mutationsOf(path: string): string[] {
  const [, area = '', rest = ''] = /^\/([^/]+)\/(.+)$/.exec(path) ?? [];
  const encoded = (text: string) => `%${text.charCodeAt(0).toString(16)}${text.slice(1)}`;
  return [
    `/${path}`,
    `//localhost${path}`,
    `/${area}//${rest}`,
    `${path}/`,
    `${path}//`,
    path.toUpperCase(),
    `/${area.toUpperCase()}/${rest}`,
    `/${encoded(area)}/${rest}`,
    `/${area}/${encoded(rest)}`,
    `/${area}%2F${rest}`,
    `/${area}%2f${rest}`,
    `/%2F${area}/${rest}`,
    `/${area}%252F${rest}`,
    `/${area}/./${rest}`,
    `/./${area}/${rest}`,
    `/%2e/${area}/${rest}`,
    `/${area}/../${area}/${rest}`,
    `/${area}/%2e%2e/${area}/${rest}`,
    `/${area}/%252e%252e/${area}/${rest}`,
    `/x/..${path}`,
    `/public/../${area}/${rest}`,
    `/${area}/public/../${rest}`,
    `${path}/.`,
    `${path}/..`,
    `${path}/%2e%2e/${rest}`,
    `${path};x=1`,
    `${path};/public`,
    `/${area};x/${rest}`,
    `/;${path}`,
    `${path}%00`,
    `${path}%00.public`,
    `${path}%20`,
    `${path}%09`,
    `${path}%0d%0a`,
    `${path}%2e`,
    `/${area}\\${rest}`,
    `${path}%5c`,
    `${path}%5C..%5Cpublic`,
    `${path}?x=/area/public`,
    `${path}?_method=OPTIONS`,
    `${path}%3Fx`,
    `${path}%23`,
    `${path}.json`,
    `${path}~`,
    `${path}%ff`,
    `${path}%C0%AF`,
    `${path}%zz`,
    `http://localhost${path}`,
    `http://evil.example${path}`,
  ];
}

/** How each of them is sent. */
export const WAYS: readonly { method: string; headers: Record<string, string> }[] = [
  { method: 'GET', headers: {} },
  { method: 'HEAD', headers: {} },
  { method: 'OPTIONS', headers: {} },
  { method: 'TRACE', headers: {} },
  {
    method: 'POST',
    headers: { 'x-http-method-override': 'GET', 'x-http-method': 'GET', 'x-method-override': 'GET' },
  },
  {
    method: 'GET',
    headers: {
      'x-original-url': '/area/public',
      'x-rewrite-url': '/area/public',
      'x-forwarded-prefix': '/area/public',
    },
  },
];
