import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { type CatalogFile, readCatalogFile, registerForOperator } from '../features/catalog/index.ts';
import { Problem } from '../platform/http/index.ts';
import { ROOT_TENANT, type TenantId } from '../platform/ids.ts';
import { CliError } from './cli-error.ts';
import { withServer } from './keys.ts';

/** `gatehouse catalog register` */
export async function registerCatalog(
  config: Config,
  log: Logger,
  { file, tenant }: { file: string; tenant?: string },
  say: (line: string) => void,
): Promise<void> {
  const read = await fileOf(file);
  const tenantId = (tenant ?? ROOT_TENANT) as TenantId;
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(tenantId))
    throw new CliError('--tenant: it must be the id of a tenant.');
  await withServer(config, log, async ({ deps }) => {
    const done = await registerForOperator(deps, tenantId, read).catch((error: unknown) => {
      throw error instanceof Problem ? new CliError(`${file}: ${error.options.detail ?? error.code}`) : error;
    });
    const where = tenant === undefined ? 'in every tenant' : `in tenant ${tenant}`;
    say(
      done.isSame
        ? `${read.service} is registered like this already (version ${done.version}).`
        : `${read.service} is registered: version ${done.version}, ${done.permissions} permissions, ${where}. Running servers follow within a second.`,
    );
  });
}

async function fileOf(file: string): Promise<CatalogFile> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError(`${file} cannot be read (${String((error as NodeJS.ErrnoException).code)}).`);
  }
  const read = readCatalogFile(text);
  if (typeof read === 'string') throw new CliError(`${file}: ${read}`);
  return read;
}
