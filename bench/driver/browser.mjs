// One simulated browser: a connection with its own cookie jar. `request` is a template from the subject:
// { method, path, body?, headers? }.
import { createCookieJar } from './cookie-jar.mjs';
import { openConnection } from './http-connection.mjs';

export function openBrowser(address) {
  const connection = openConnection(address);
  const jar = createCookieJar();
  const fixed = new WeakMap();

  return {
    jar,
    close: connection.hangUp,
    async send(request) {
      let parts = fixed.get(request);
      if (!parts) fixed.set(request, (parts = renderFixedParts(request, address)));
      const response = await connection.send(parts.head + jar.headerFor(request.path) + parts.tail);
      response.cookies = jar.take(response);
      return response;
    },
  };
}

/**
 * One connection for many people: each request is the next person's, by their own cookies. A template with `asWho` in place of
 * a body sends who they are: a sign-in.
 *
 * @param people `{ cookies: [{ name, value }], credentials }`
 */
export function openCrowd(address, people) {
  const connection = openConnection(address);
  const crowd = people.map(({ cookies, credentials }) => {
    const jar = createCookieJar();
    for (const { name, value } of cookies) jar.set(name, value);
    return { jar, credentials, fixed: new WeakMap() };
  });
  let next = 0;

  return {
    count: crowd.length,
    close: connection.hangUp,
    async send(request) {
      const { jar, credentials, fixed } = crowd[(next += 1) % crowd.length];
      let parts = fixed.get(request);
      if (!parts) {
        const body = request.asWho ? credentials : request.body;
        fixed.set(request, (parts = renderFixedParts({ ...request, body }, address)));
      }
      // A sign-in is a stranger's, and what it answers with stays with nobody.
      if (request.asWho) return Object.assign(await connection.send(parts.head + parts.tail), { cookies: 0 });
      const response = await connection.send(parts.head + jar.headerFor(request.path) + parts.tail);
      response.cookies = jar.take(response);
      return response;
    },
  };
}

function renderFixedParts({ method, path, body, headers = {} }, { host, port }) {
  const text = body === undefined ? '' : JSON.stringify(body);
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}:${port}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== undefined)
    lines.push('Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`);
  else if (method !== 'GET') lines.push('Content-Length: 0');
  return { head: `${lines.join('\r\n')}\r\n`, tail: `\r\n${text}` };
}
