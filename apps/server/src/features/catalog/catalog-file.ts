import { CatalogDocument, Message, ServiceName } from '@gatehouse/contracts';
import type { Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { enterOwn } from '../../platform/access/index.ts';
import type { TenantId } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import { checkTenant } from './catalog.repo.ts';
import { registerService } from './register.ts';

const FileShape = Message({ service: ServiceName, ...CatalogDocument.properties });
export type CatalogFile = Static<typeof FileShape>;
const shape = Compile(FileShape);

/** The file of `gatehouse catalog register`; a sentence where it is none. */
export function readCatalogFile(text: string): CatalogFile | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON.';
  }
  if (shape.Check(value)) return value;
  const [first] = shape.Errors(value);
  return `${first?.instancePath === '' || first === undefined ? 'the document' : first.instancePath} ${first?.message ?? 'is not what it should be'}.`;
}

/**
 * Registers a service for an operator at the command line.
 *
 * @throws {Problem} as `registerService`, and `resource.not_found` for a tenant that is not there
 */
export function registerForOperator(
  deps: Pick<Deps, 'audit' | 'clock' | 'doors'>,
  tenantId: TenantId,
  { service, ...document }: CatalogFile,
): Promise<{ version: number; permissions: number; isSame: boolean }> {
  const scope = enterOwn({ kind: 'system', tenantId, reason: 'catalog register' });
  return deps.doors.withTenant(scope, async (tx) => {
    await checkTenant(tx);
    const by = { actor: { kind: 'system' }, request: undefined } as const;
    const { row, outcome } = await registerService(deps, tx, service, document, by);
    return { version: row.version, permissions: row.permissions.length, isSame: outcome === 'same' };
  });
}
