import { readProblem } from '@gatehouse/browser';
import { inPlace } from '../place.ts';
import { gatehouse } from '../session.ts';

/**
 * Has the API make a file, in the place that the tab shows, and saves it where the browser saves what it is given.
 *
 * @returns the name that it was saved under
 * @throws ProblemError with the server's code; TypeError when the network is lost.
 */
export async function saveFile(path: string): Promise<string> {
  const response = await gatehouse.fetch(inPlace(path), {
    method: 'POST',
    headers: { accept: 'application/json' },
  });
  if (!response.ok) throw await readProblem(response);
  const [, name = 'personal-data.json'] =
    /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '') ?? [];
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
  return name;
}
