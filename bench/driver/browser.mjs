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

function renderFixedParts({ method, path, body, headers = {} }, { host, port }) {
  const text = body === undefined ? '' : JSON.stringify(body);
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}:${port}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== undefined)
    lines.push('Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`);
  else if (method !== 'GET') lines.push('Content-Length: 0');
  return { head: `${lines.join('\r\n')}\r\n`, tail: `\r\n${text}` };
}
