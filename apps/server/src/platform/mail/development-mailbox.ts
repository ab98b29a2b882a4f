import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomSecret } from '../crypto/index.ts';
import type { Mail, MailTransport } from './mail.ts';

export interface StoredMail extends Mail {
  id: string;
  at: string;
}

/** Where mail lands in development: a folder that the page `/dev/mail` shows. It does not exist in production mode. */
export interface DevelopmentMailbox extends MailTransport {
  /** Made anew at each start, and known to whoever reads what the start prints. */
  readonly key: string;
  list(): Promise<StoredMail[]>;
}

const SHOWN = 50;

export function createDevelopmentMailbox(
  folder: string,
  key: string = randomSecret(32).toString('base64url'),
): DevelopmentMailbox {
  return {
    key,
    async send(mail, id) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const stored: StoredMail = { ...mail, id, at: new Date().toISOString() };
      // Written aside and renamed: a reader never sees half a mail.
      await writeFile(join(folder, `.${id}`), JSON.stringify(stored), { mode: 0o600 });
      await rename(join(folder, `.${id}`), join(folder, `${id}.json`));
    },
    async list() {
      const names = await readdir(folder).catch(() => []);
      const newest = names
        .filter((name) => name.endsWith('.json'))
        .sort()
        .reverse()
        .slice(0, SHOWN);
      return Promise.all(
        newest.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as StoredMail),
      );
    },
    close: () => undefined,
  };
}
