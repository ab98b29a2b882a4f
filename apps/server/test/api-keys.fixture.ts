import type { Answer } from './browser.fixture.ts';
import type { Caller } from './people.fixture.ts';
import type { TestServer } from './server.fixture.ts';

/** A script that calls with an API key; paths are below `/api/v1`. */
export interface Script {
  id: string;
  key: string;
  call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Answer>;
}

export async function makeApiKey(
  gatehouse: TestServer,
  owner: Caller,
  input: { scopes?: string[] } & Record<string, unknown> = {},
  ip?: string,
): Promise<Script> {
  const answer = await owner.post('/api-keys', { name: 'A script', ...input });
  if (answer.status !== 201) throw new Error(answer.text);
  return withKey(gatehouse, String(answer.body.id), String(answer.body.key), ip);
}

export const withKey = (gatehouse: TestServer, id: string, key: string, ip?: string): Script => ({
  id,
  key,
  call: (method, path, body) =>
    gatehouse.browser({ origin: undefined, ...(ip !== undefined && { ip }) }).request({
      method,
      url: `/api/v1${path}`,
      headers: { authorization: `Bearer ${key}` },
      ...(body && { payload: body }),
    }),
});
