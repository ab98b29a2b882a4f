import { readProblem } from '@gatehouse/browser';
import { inPlace } from '../place.ts';
import { gatehouse } from '../session.ts';

export interface Page<Item> {
  readonly items: Item[];
  readonly nextCursor: string | null;
}

type Query = Readonly<Record<string, string | number | null | undefined>>;

/**
 * Calls the API with the session and reads its JSON, in the place that the tab shows.
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
  const target = inPlace(path);
  const response = await gatehouse.fetch(search.size > 0 ? `${target}?${search}` : target, {
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
