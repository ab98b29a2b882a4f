import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The least that the page routes serve: their own tests are in e2e, on the built pages. */
export async function writePages(dataDir: string): Promise<string> {
  const folder = join(dataDir, 'pages');
  await mkdir(join(folder, 'assets'), { recursive: true });
  const html =
    '<!doctype html><html lang="en"><head><meta name="csp-nonce" content="__CSP_NONCE__"><title>page</title></head><body></body></html>';
  await writeFile(join(folder, 'index.html'), html);
  await writeFile(join(folder, 'signin.html'), html);
  return folder;
}
