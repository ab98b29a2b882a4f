import type { Answer } from './browser.fixture.ts';
import type { Caller } from './people.fixture.ts';
import type { TestServer } from './server.fixture.ts';
import { call } from './standing/people.fixture.ts';

/** A service with its credentials; paths are below `/api/v1`. */
export interface TestService {
  id: string;
  clientId: string;
  secret: string;
  audience: string;
  /** An access token of its own, as the token endpoint gives it. */
  token(form?: Record<string, string>): Promise<string>;
  call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Answer>;
}

/** Asks the token endpoint. */
export const askForToken = (
  gatehouse: TestServer,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  gatehouse.browser({ origin: undefined }).request({
    method: 'POST',
    url: '/oauth2/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: new URLSearchParams(form).toString(),
  });

export const basic = (clientId: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
});

let named = 0;

/** Registers a service as an administrator does, and gives it roles. */
export async function addService(
  gatehouse: TestServer,
  admin: Caller,
  { namespace = 'billing', roles = [] as string[] } = {},
): Promise<TestService> {
  const clientId = `service-${Date.now()}-${(named += 1)}`;
  const made = await admin.post('/services', { clientId, name: 'A service', namespace });
  if (made.status !== 201) throw new Error(made.text);
  const [id, secret] = [String(made.body.id), String(made.body.clientSecret)];
  for (const role of roles) {
    const given = await admin.post('/role-assignments', { principalId: id, role });
    if (given.status !== 201) throw new Error(given.text);
  }
  const token = async (form: Record<string, string> = {}) => {
    const answer = await askForToken(
      gatehouse,
      { grant_type: 'client_credentials', ...form },
      basic(clientId, secret),
    );
    if (answer.status !== 200) throw new Error(answer.text);
    return String(answer.body.access_token);
  };
  return {
    id,
    clientId,
    secret,
    audience: String(made.body.audience),
    token,
    call: async (method, path, body) =>
      call(gatehouse, await token(), { method, url: `/api/v1${path}`, ...(body && { body }) }),
  };
}
