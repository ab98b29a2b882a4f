import { readProblem } from '@gatehouse/browser';
import { gatehouse } from '../session.ts';

export interface Page<Item> {
  readonly items: Item[];
  readonly nextCursor: string | null;
}

type Query = Readonly<Record<string, string | number | null | undefined>>;

/**
 * Calls the API with the session and reads its JSON.
 *
 * @throws ProblemError with the server's code; TypeError when the network is lost.
 */
export async function call<Answer>(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  { query = {}, body }: { readonly query?: Query; readonly body?: unknown } = {},
): Promise<Answer> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value != null && value !== '') search.set(name, String(value));
  const response = await gatehouse.fetch(search.size > 0 ? `${path}?${search}` : path, {
    method,
    headers: {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw await readProblem(response);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}
