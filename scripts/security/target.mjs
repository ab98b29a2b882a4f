import { request as plain } from 'node:http';
import { request as encrypted } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

/** No deployment answers later, and no probe waits for ever. */
const TIMEOUT_MS = 15_000;

export class Unreachable extends Error {}

/** The deployment as anybody on its network sees it. Paths go out byte by byte as they are written: no client tidies them up. */
export function createTarget(url) {
  const base = new URL(url);
  const origin = base.origin;
  const target = {
    origin,
    host: base.host,
    /** As `once`, but waits where the deployment says that it is enough for now, since that is no answer to a probe. */
    async send(options) {
      for (let tries = 0; ; tries += 1) {
        const answer = await target.once(options);
        if (answer.status !== 429 || tries === 3) return answer;
        await delay((Number(answer.headers['retry-after']) || 5) * 1000 + 250);
      }
    },
    once({ method = 'GET', path, headers = {}, body, cookies }) {
      const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      return new Promise((resolve, reject) => {
        const began = performance.now();
        const asked = (base.protocol === 'https:' ? encrypted : plain)(
          {
            host: base.hostname.replace(/^\[|\]$/g, ''),
            port: base.port || (base.protocol === 'https:' ? 443 : 80),
            method,
            path,
            timeout: TIMEOUT_MS,
            headers: {
              'user-agent': 'gatehouse-security-suite',
              ...(payload !== undefined && {
                'content-type': 'application/json',
                'content-length': Buffer.byteLength(payload),
                origin,
              }),
              ...(cookies?.size > 0 && { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') }),
              ...headers,
            },
          },
          (answer) => {
            const chunks = [];
            answer.on('data', (chunk) => chunks.push(chunk));
            answer.on('error', reject);
            answer.on('end', () => {
              const text = Buffer.concat(chunks).toString('utf8');
              keepCookies(cookies, answer.headers['set-cookie']);
              resolve({
                status: answer.statusCode,
                headers: answer.headers,
                text,
                json: parse(text),
                took: performance.now() - began,
              });
            });
          },
        );
        asked.on('timeout', () => asked.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
        asked.on('error', (error) =>
          reject(new Unreachable(`${method} ${path}: ${error.message || error.code}`)),
        );
        asked.end(payload);
      });
    },
    get: (path, headers, cookies) => target.send({ path, headers, cookies }),
    post: (path, body, { headers, cookies } = {}) =>
      target.send({ method: 'POST', path, body, headers, cookies }),
  };
  return target;
}

function keepCookies(cookies, lines = []) {
  if (!cookies) return;
  for (const line of lines) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (name === undefined) continue;
    if (/;\s*max-age=0/i.test(line)) cookies.delete(name);
    else cookies.set(name, value);
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A signed-in account of the suite's own: cookies, CSRF token, and who it is. */
export async function enter(target, { email, password }) {
  const cookies = new Map();
  const answer = await target.post('/api/v1/auth/login', { email, password }, { cookies });
  if (answer.status !== 200 || cookies.size === 0)
    throw new Unreachable(`${email} cannot sign in (${answer.status} ${answer.json?.code ?? ''})`);
  const me = await target.get('/api/v1/auth/me', {}, cookies);
  const csrf = { 'x-csrf-token': answer.headers['x-csrf-token'] ?? me.headers['x-csrf-token'] ?? '' };
  return { email, password, cookies, csrf, me: me.json };
}
