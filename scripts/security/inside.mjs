// What needs an account of the suite's own (--email): it signs in, renews, signs out, and reads; it changes nothing that lasts.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { enter } from './target.mjs';

const told = ({ status, json }) => `${status}${json?.code ? ` ${json.code}` : ''}`;
const me = (target, cookies) => target.get('/api/v1/auth/me', {}, cookies);

export const inside = [
  {
    rows: [33],
    title: 'signing in takes over no session that was in the browser before',
    async run({ target, account }) {
      const names = [...account.cookies.keys()];
      const planted = new Map(names.map((name) => [name, 'planted']));
      const answer = await target.post(
        '/api/v1/auth/login',
        { email: account.email, password: account.password },
        { cookies: planted },
      );
      if (answer.status !== 200) return [`signing in with planted cookies is answered with ${told(answer)}`];
      const kept = names.filter((name) => ['planted', account.cookies.get(name)].includes(planted.get(name)));
      return kept.map((name) => `the cookie ${name} is as it was before`);
    },
  },
  {
    rows: [43],
    title: 'a session that was ended is refused within a second, by its tokens of either kind',
    async run({ target, account }) {
      const { cookies, csrf } = await enter(target, account);
      const stolen = new Map(cookies);
      const out = await target.post('/api/v1/auth/logout', {}, { cookies, headers: csrf });
      if (out.status >= 300) return [`signing out is answered with ${told(out)}`];
      await delay(1000);
      const faults = [];
      const asked = await me(target, new Map(stolen));
      if (asked.status !== 401) faults.push(`me is answered with ${told(asked)}`);
      const renewed = await target.post(
        '/api/v1/auth/refresh',
        {},
        { cookies: new Map(stolen), headers: csrf },
      );
      if (renewed.status !== 401) faults.push(`renewal is answered with ${told(renewed)}`);
      return faults;
    },
  },
  {
    rows: [55],
    title: 'twenty renewals of one token at once make one successor',
    async run({ target, account }) {
      const { cookies, csrf } = await enter(target, account);
      const jars = Array.from({ length: 20 }, () => new Map(cookies));
      const answers = await Promise.all(
        jars.map((jar) =>
          target.send({
            method: 'POST',
            path: '/api/v1/auth/refresh',
            body: {},
            cookies: jar,
            headers: csrf,
          }),
        ),
      );
      const good = jars.filter((_jar, at) => answers[at].status === 200);
      if (good.length === 0) return ['nobody could renew'];
      const successors = new Set(good.map((jar) => [...jar].filter(([name]) => name.endsWith('rt')).join()));
      const old = [...cookies].filter(([name]) => name.endsWith('rt')).join();
      if (successors.has(old)) return ['the refresh token stayed the same'];
      return successors.size === 1 ? [] : [`${successors.size} successors live side by side`];
    },
  },
  {
    rows: [69],
    title: 'another site can neither sign out nor change anything: method, origin and CSRF token count',
    async run({ target, account }) {
      const { cookies, csrf } = await enter(target, account);
      const jar = () => new Map(cookies);
      const faults = [];
      const asked = await target.send({ path: '/api/v1/auth/logout', cookies: jar() });
      if (asked.status < 400) faults.push(`GET logout is answered with ${told(asked)}`);
      for (const { what, headers } of [
        { what: 'another origin', headers: { ...csrf, origin: 'https://evil.invalid' } },
        { what: 'the origin null', headers: { ...csrf, origin: 'null' } },
        { what: 'no CSRF token', headers: {} },
        { what: 'a made-up CSRF token', headers: { 'x-csrf-token': randomUUID() } },
      ]) {
        const answer = await target.post(
          '/api/v1/auth/password/change',
          { currentPassword: 'x', newPassword: 'y' },
          { cookies: jar(), headers },
        );
        if (answer.status !== 403) faults.push(`a change with ${what} is answered with ${told(answer)}`);
      }
      if ((await me(target, jar())).status !== 200) faults.push('the session is gone afterwards');
      return faults;
    },
  },
  {
    rows: [5],
    title: 'ids of others are not found, in any path that this account may use',
    async run({ target, account, other }) {
      const faults = [];
      const ids = [
        randomUUID(),
        ...(other ? [other.me?.user?.id, other.me?.tenant?.id].filter(Boolean) : []),
      ];
      for (const id of ids)
        for (const path of [
          '/users/ID',
          '/users/ID/sessions',
          '/clients/ID',
          '/audit/ID',
          '/tenants/ID',
          '/tenants/ID/users',
          '/tenants/ID/audit',
          '/memberships/ID',
        ]) {
          const answer = await target.get(`/api/v1${path.replace('ID', id)}`, {}, account.cookies);
          if (answer.status < 400 || answer.status >= 500)
            faults.push(`GET ${path.replace('ID', id)} is answered with ${told(answer)}`);
        }
      return faults;
    },
  },
  {
    rows: [6],
    title: 'an id in the query that contradicts the session is refused',
    async run({ target, account }) {
      const faults = [];
      for (const name of ['tenantId', 'tenant_id', 'id', 'userId']) {
        const answer = await target.get(`/api/v1/users?${name}=${randomUUID()}`, {}, account.cookies);
        if (answer.status < 400) faults.push(`GET /users?${name}=… is answered with ${told(answer)}`);
      }
      return faults;
    },
  },
  {
    rows: [42, 46, 47, 48],
    title: 'the password of this account cannot become one that would be cut, or is endless',
    async run({ target, account }) {
      const faults = [];
      for (const [what, newPassword] of [
        ['of 73 bytes', `Aa1-${'x'.repeat(69)}`],
        ['of 74 bytes in 39 characters', `Aa1-${'é'.repeat(35)}`],
        ['with a NUL', 'Gate\0House-1'],
        ['of 1,100 characters', `Aa1-${'x'.repeat(1096)}`],
      ]) {
        // With a wrong present password: even a deployment that takes it changes nothing.
        const answer = await target.post(
          '/api/v1/auth/password/change',
          { currentPassword: 'Not-The-Password-1', newPassword },
          { cookies: account.cookies, headers: account.csrf },
        );
        const why = `${answer.json?.code ?? ''} ${JSON.stringify(answer.json?.errors ?? '')}`;
        if (answer.status !== 400 || /current_wrong/.test(why))
          faults.push(`a password ${what} is answered with ${told(answer)}`);
      }
      return faults;
    },
  },
  {
    rows: [73],
    title: 'forged cursors are refused, not read',
    async run({ target, account }) {
      const faults = [];
      const forged = [
        Buffer.from(JSON.stringify(["' or 1=1--"])).toString('base64url'),
        Buffer.from('{"id":0}').toString('base64url'),
        `v1.${'A'.repeat(8)}.${'B'.repeat(16)}.${'C'.repeat(64)}`,
        "1'--",
      ];
      for (const cursor of forged)
        for (const list of ['users', 'audit', 'clients']) {
          const answer = await target.get(
            `/api/v1/${list}?cursor=${encodeURIComponent(cursor)}`,
            {},
            account.cookies,
          );
          if (![400, 403].includes(answer.status))
            faults.push(`GET ${list} with a forged cursor is answered with ${told(answer)}`);
        }
      return faults;
    },
  },
  {
    rows: [77],
    title: 'no list holds a secret',
    async run({ target, account }) {
      const faults = [];
      for (const path of ['/auth/me', '/users', '/clients', '/audit', '/auth/sessions']) {
        const { text } = await target.get(`/api/v1${path}`, {}, account.cookies);
        const found =
          text.match(
            /"[^"]*(secret|private|_sealed|passwordHash|password_hash|refresh_token)[^"]*"\s*:/i,
          )?.[0] ?? text.match(/\$2[aby]\$|\$argon2|-----BEGIN/)?.[0];
        if (found) faults.push(`GET ${path} holds ${found}`);
      }
      return faults;
    },
  },
];
