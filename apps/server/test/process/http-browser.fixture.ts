/** A browser against servers that listen: cookies, CSRF token and origin as a real one has them, over any process of a deployment. */
export interface HttpBrowser {
  cookies: Map<string, string>;
  get(url: string): Promise<HttpAnswer>;
  post(url: string, body?: object): Promise<HttpAnswer>;
}
export interface HttpAnswer {
  status: number;
  body: Record<string, unknown>;
}

export function createHttpBrowser(origin: string): HttpBrowser {
  const cookies = new Map<string, string>();
  let csrf: string | undefined;
  const send = async (method: string, url: string, body?: object): Promise<HttpAnswer> => {
    const answer = await fetch(url, {
      method,
      headers: {
        ...(cookies.size > 0 && {
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        }),
        ...(body && {
          origin,
          'content-type': 'application/json',
          ...(csrf !== undefined && { 'x-csrf-token': csrf }),
        }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name === undefined || value === undefined) continue;
      if (/;\s*max-age=0/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    csrf = answer.headers.get('x-csrf-token') ?? csrf;
    const text = await answer.text();
    return { status: answer.status, body: asObject(text) };
  };
  return {
    cookies,
    get: (url) => send('GET', url),
    post: (url, body = {}) => send('POST', url, body),
  };
}

function asObject(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { text };
  }
}
