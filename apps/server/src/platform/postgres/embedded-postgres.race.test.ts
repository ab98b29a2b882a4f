import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { endInOrder, makeOpenFolder, query, startOwner, urlOf } from './owner.fixture.control.ts';

const root = makeOpenFolder();

afterAll(() => rmSync(root, { recursive: true, force: true }));

test('of three starts at once on a folder that does not exist yet, one serves and the others say that it is taken', async () => {
  const dataDir = join(root, 'new');
  const owners = await Promise.all([1, 2, 3].map(() => startOwner(dataDir)));
  const serving = owners.filter((owner) => 'url' in owner.answer);
  const refused = owners.filter((owner) => 'code' in owner.answer);
  expect(serving).toHaveLength(1);
  const served = await Promise.all(serving.map((owner) => query(urlOf(owner), 'SELECT 1 AS one')));
  expect(served).toEqual([[{ one: 1 }]]);
  expect(refused.map((owner) => owner.answer)).toEqual([
    expect.objectContaining({ code: 'folder_in_use' }),
    expect.objectContaining({ code: 'folder_in_use' }),
  ]);
  for (const owner of serving) await endInOrder(owner);
});
