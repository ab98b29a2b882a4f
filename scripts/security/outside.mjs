// What can be shown without any account. A probe gives what it found wrong, one sentence each; none means immune. Nobody's account
// is touched: addresses are made up under .example, where no mail is ever delivered, and every request is one to be refused.
import { randomUUID } from 'node:crypto';
import { forgeries } from './forgeries.mjs';

const PROTECTED = ['/api/v1/users', '/api/v1/audit', '/api/v1/clients', '/api/v1/tenants', '/api/v1/auth/me'];
const nobody = () => `nobody-${randomUUID()}@gatehouse-suite.example`;
const isData = ({ status, headers }) =>
  status >= 200 && status < 300 && /json/.test(headers['content-type'] ?? '');
const told = ({ status, json }) => `${status}${json?.code ? ` ${json.code}` : ''}`;

export const outside = [
  {
    rows: [75, 76],
    title: 'no other spelling, and no other method, gets past sign-in',
    async run({ target }) {
      const faults = [];
      for (const path of PROTECTED) {
        const last = path.slice(path.lastIndexOf('/') + 1);
        const spellings = [
          path,
          `/${path}`,
          `${path}/`,
          `${path}/.`,
          `${path}%2f`,
          `${path}%00`,
          `${path};x=1`,
          `${path}?x=1`,
          `/.${path}`,
          `/x/..${path}`,
          path.toUpperCase(),
          path.replace('/api', '/api/'),
          path.replace(last, `%${last.charCodeAt(0).toString(16)}${last.slice(1)}`),
          `/assets/..${path}`,
          `/assets/..%2f${path.slice(1)}`,
          `/health/live/..${path}`,
          `/api/v1/auth/options/../../..${path}`,
          `${path}.json`,
        ];
        for (const spelling of spellings) {
          const answer = await target.get(spelling);
          if (isData(answer)) faults.push(`GET ${spelling} answers ${answer.status} to a stranger`);
        }
        for (const method of ['HEAD', 'TRACE', 'OPTIONS', 'POST'])
          for (const headers of [
            {},
            { 'x-http-method-override': 'GET' },
            { 'x-original-url': '/health/live' },
          ]) {
            const answer = await target.send({ method, path, headers });
            if (isData(answer)) faults.push(`${method} ${path} answers ${answer.status} to a stranger`);
          }
      }
      return faults;
    },
  },
  {
    rows: [8],
    title: 'an unknown tenant is no way in: every one is answered alike, and no header chooses one',
    async run({ target }) {
      const faults = [];
      const seen = new Set();
      for (const tenant of [
        randomUUID(),
        randomUUID(),
        '00000000-0000-7000-8000-000000000001',
        'public',
        '..',
      ]) {
        const answer = await target.get(`/api/v1/tenants/${tenant}/users`, {
          'x-api-version': '0.1',
          'x-tenant-id': tenant,
        });
        if (answer.status < 400 || answer.status >= 500)
          faults.push(`tenant ${tenant} is answered with ${told(answer)}`);
        if (tenant.length === 36) seen.add(told(answer));
      }
      if (seen.size > 1) faults.push(`tenants are told apart: ${[...seen].join(', ')}`);
      return faults;
    },
  },
  {
    rows: [29],
    title: 'one address where one is expected: no list, no object, no second member',
    async run({ target }) {
      const faults = [];
      const [a, b] = [nobody(), nobody()];
      for (const body of [
        { email: [a, b] },
        { email: { to: a, cc: b } },
        `{"email":"${a}","email":"${b}"}`,
        { email: `${a},${b}` },
        { email: `${a}\r\nBcc: ${b}` },
      ]) {
        const answer = await target.post('/api/v1/auth/password/forgot', body);
        if (answer.status !== 400)
          faults.push(
            `${typeof body === 'string' ? 'a member given twice' : JSON.stringify(body.email)} is answered with ${told(answer)}`,
          );
      }
      return faults;
    },
  },
  {
    rows: [31],
    title: 'no answer repeats a host that the request made up',
    async run({ target }) {
      const faults = [];
      const evil = 'gatehouse-suite.invalid';
      for (const path of [
        '/',
        '/sign-in',
        '/.well-known/security.txt',
        '/.well-known/jwks.json',
        '/openapi.json',
        '/api/v1/auth/options',
      ])
        for (const headers of [
          { host: evil },
          { 'x-forwarded-host': evil, 'x-forwarded-proto': 'http' },
          { forwarded: `host=${evil}` },
          { 'x-original-host': evil },
        ]) {
          const answer = await target.get(path, headers);
          const said = `${answer.text}${JSON.stringify(answer.headers)}`;
          if (said.includes(evil))
            faults.push(`${path} repeats the host of ${Object.keys(headers).join(' and ')}`);
        }
      return faults;
    },
  },
  {
    rows: [37],
    title: 'what goes by mail is in no answer',
    async run({ target }) {
      const faults = [];
      for (const path of ['/api/v1/auth/password/forgot', '/api/v1/auth/check-method']) {
        const answer = await target.post(path, { email: nobody() });
        const names = answer.text.match(/"[^"]*(token|secret|link|hash|otp|password_)[^"]*"\s*:/gi) ?? [];
        if (answer.status < 300 && names.length > 0)
          faults.push(`POST ${path} answers with ${names.join(' ')}`);
      }
      return faults;
    },
  },
  {
    rows: [51],
    title: 'addresses that nobody has are answered alike; so is the account of the suite, where there is one',
    async run({ target, account }) {
      const faults = [];
      const addresses = [nobody(), nobody(), ...(account ? [account.email] : [])];
      for (const [path, body] of [
        ['login', (email) => ({ email, password: 'Not-The-Password-1' })],
        ['check-method', (email) => ({ email })],
      ]) {
        const answers = [];
        for (const email of addresses) {
          const { status, json, text } = await target.post(`/api/v1/auth/${path}`, body(email));
          if (path === 'login' && status !== 401) faults.push(`a wrong password is answered with ${status}`);
          answers.push(JSON.stringify([status, json ? { ...json, correlationId: '', instance: '' } : text]));
        }
        if (new Set(answers).size > 1) faults.push(`POST ${path} tells addresses apart`);
      }
      return faults;
    },
  },
  {
    rows: [52],
    title: 'where registration is closed, it is closed on every spelling of its path',
    async run({ target }) {
      const body = { email: nobody(), password: 'short', name: 'Suite', tenantName: 'Suite' };
      const answer = await target.post('/api/v1/auth/register', body);
      if (answer.status === 400) return { left: 'registration is open here' };
      const faults = answer.status === 403 ? [] : [`POST register answers ${told(answer)}`];
      for (const path of [
        '/api/v1/auth/register/',
        '//api/v1/auth/register',
        '/api/v1/auth/%72egister',
        '/API/v1/auth/register',
        '/api/v1/auth/./register',
        '/api/v1/auth/register;a',
        '/api/v1/auth/register?x',
      ])
        if ((await target.post(path, body)).status < 400) faults.push(`POST ${path} is open`);
      return faults;
    },
  },
  {
    rows: [57],
    title: 'made-up links redeem nothing, for whatever purpose, and all are answered alike',
    async run({ target }) {
      const faults = [];
      const seen = new Set();
      const tokens = [
        randomUUID(),
        `${'A'.repeat(22)}.${'B'.repeat(43)}`,
        Buffer.from(randomUUID().repeat(2)).toString('base64url'),
      ];
      for (const path of ['password/reset', 'password/set', 'register/confirm', 'email/confirm', 'setup'])
        for (const token of tokens) {
          const answer = await target.post(`/api/v1/auth/${path}`, {
            token,
            password: 'Gate-House-1',
            email: nobody(),
            name: 'Suite',
          });
          if (answer.status < 400 || answer.status >= 500)
            faults.push(`POST ${path} answers ${told(answer)} to a made-up link`);
          if (path.startsWith('password')) seen.add(told(answer));
        }
      if (seen.size > 2) faults.push(`made-up links are told apart: ${[...seen].join(', ')}`);
      return faults;
    },
  },
  {
    rows: [59],
    title: 'no page sends a browser elsewhere',
    async run({ target }) {
      const faults = [];
      const evil = [
        '//evil.invalid',
        'https://evil.invalid',
        '/\\evil.invalid',
        'https:evil.invalid',
        '%2f%2fevil.invalid',
        'javascript:alert(1)',
      ];
      for (const page of ['/sign-in', '/', '/signed-out', '/api/v1/auth/options'])
        for (const to of evil)
          for (const name of [
            'returnTo',
            'callbackURL',
            'RelayState',
            'next',
            'redirect',
            'post_logout_redirect_uri',
          ]) {
            const { status, headers } = await target.get(`${page}?${name}=${encodeURIComponent(to)}`);
            if (status >= 300 && status < 400 && /evil|javascript/.test(headers.location ?? ''))
              faults.push(`${page}?${name}=${to} leads there`);
          }
      return faults;
    },
  },
  {
    rows: [61, 74],
    title:
      'no token is taken that this deployment did not sign: none, HS256, keys in the header, known secrets',
    async run({ target, token }) {
      const faults = [];
      const jwks = (await target.get('/.well-known/jwks.json')).json?.keys ?? [];
      for (const [what, forged] of forgeries(target.origin, jwks, token)) {
        const answer = await target.get('/api/v1/auth/me', { authorization: `Bearer ${forged}` });
        if (answer.status !== 401) faults.push(`${what}: answered with ${told(answer)}`);
      }
      return faults;
    },
  },
  {
    rows: [68],
    title: 'pages have a strict content security policy and repeat nothing of their address',
    async run({ target }) {
      const faults = [];
      const mark = '<script>alert("gatehouse-suite")</script>';
      for (const path of [
        '/',
        '/sign-in',
        `/sign-in?error_hint=${encodeURIComponent(mark)}`,
        `/${encodeURIComponent(mark)}`,
        `/?x=${encodeURIComponent('"><img src=x onerror=alert(1)>')}`,
      ]) {
        const { headers, text } = await target.get(path);
        const isPage = /html/.test(headers['content-type'] ?? '');
        const policy = headers['content-security-policy'] ?? '';
        const scripts = /(?:^|;)\s*(?:script-src|default-src)\s([^;]*)/.exec(policy)?.[1] ?? '';
        if (isPage && (scripts === '' || /unsafe-inline|unsafe-eval|\s\*(\s|$)|https?:(\s|$)/.test(scripts)))
          faults.push(`${path.slice(0, 30)}: scripts from anywhere (${scripts || 'no policy'})`);
        if (isPage && !/frame-ancestors/.test(policy)) faults.push(`${path.slice(0, 30)}: may be framed`);
        if (headers['x-content-type-options'] !== 'nosniff')
          faults.push(`${path.slice(0, 30)}: its type may be guessed`);
        if (isPage && (text.includes(mark) || text.includes('<img src=x')))
          faults.push(`${path.slice(0, 30)}… repeats markup of its address`);
      }
      return faults;
    },
  },
  {
    rows: [71],
    title: 'a body with members that nobody asked for is refused',
    async run({ target }) {
      const faults = [];
      const more = {
        userId: randomUUID(),
        tenantId: randomUUID(),
        role: 'admin',
        isAdmin: true,
        permissions: ['*'],
      };
      for (const { path, body } of [
        { path: 'login', body: { email: nobody(), password: 'Not-The-Password-1' } },
        { path: 'check-method', body: { email: nobody() } },
        { path: 'password/forgot', body: { email: nobody() } },
      ])
        for (const [name, value] of Object.entries(more)) {
          const answer = await target.post(`/api/v1/auth/${path}`, { ...body, [name]: value });
          if (answer.status !== 400)
            faults.push(`POST ${path} with ${name} is answered with ${told(answer)}`);
        }
      return faults;
    },
  },
  {
    rows: [80],
    title: 'published keys are public keys, each with its use',
    async run({ target }) {
      const { status, json, text } = await target.get('/.well-known/jwks.json');
      if (status !== 200 || !Array.isArray(json?.keys)) return [`there is no JWK Set (${status})`];
      const faults = json.keys
        .filter(({ use, kid, alg }) => use !== 'sig' || !kid || !alg)
        .map(({ kid }) => `key ${kid} does not say what it is for`);
      if (/"(d|p|q|dp|dq|qi|k)"\s*:/.test(text)) faults.push('a private key is published');
      return faults;
    },
  },
  {
    rows: [49, 50],
    title: 'a client cannot choose its own address: forged headers get no limit of their own',
    async run({ target }) {
      const left = [];
      for (const value of ['203.0.113.7', '198.51.100.9', '127.0.0.1']) {
        const answer = await target.post(
          '/api/v1/auth/check-method',
          { email: nobody() },
          {
            headers: {
              'x-forwarded-for': value,
              'x-real-ip': value,
              forwarded: `for=${value}`,
              'true-client-ip': value,
              'cf-connecting-ip': value,
              'x-client-ip': value,
            },
          },
        );
        left.push(Number(answer.headers['ratelimit-remaining'] ?? Number.NaN));
      }
      if (left.some(Number.isNaN)) return ['sign-in routes tell no limit'];
      return left[0] > left[1] && left[1] > left[2]
        ? []
        : [
            `the limit began anew with another address (${left.join(', ')} left). Is this machine one of TRUSTED_PROXIES? Then run from another`,
          ];
    },
  },
  {
    rows: [54],
    title: 'of requests at once, no more than the limit pass',
    last: true,
    async run({ target }) {
      const one = () =>
        target.once({ method: 'POST', path: '/api/v1/auth/check-method', body: { email: nobody() } });
      const first = await one();
      const left = Number(first.headers['ratelimit-remaining'] ?? Number.NaN);
      if (Number.isNaN(left)) return ['sign-in routes tell no limit'];
      if (left > 200)
        return { left: `the limit leaves ${left} requests, and this suite sends no more than 250` };
      const answers = await Promise.all(Array.from({ length: left + 25 }, one));
      const passed = answers.filter(({ status }) => status !== 429).length;
      return passed <= left ? [] : [`${passed} passed where ${left} were left`];
    },
  },
];
