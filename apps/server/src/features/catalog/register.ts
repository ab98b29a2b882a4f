import type { CatalogDocument } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { tellAccessChanged } from '../../platform/revocations/revocations.repo.ts';
import type { Audit } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { listServices, type RegisterOutcome, type ServiceRow, writeService } from './catalog.repo.ts';

interface By {
  actor: Parameters<Audit['record']>[1]['actor'];
  /** Undefined for an operator's command. */
  request: RequestContext | undefined;
}

/**
 * Puts all that a service registers in the place of what it registered before. Nobody but administrators holds any of it by that; what
 * roles hold cannot go.
 *
 * @throws {Problem} `request.invalid`, `catalog.service_taken`, `catalog.permission_held`
 */
export async function registerService(
  deps: Pick<Deps, 'audit' | 'clock'>,
  tx: TenantTx,
  service: string,
  document: CatalogDocument,
  by: By,
): Promise<{ row: ServiceRow; outcome: RegisterOutcome }> {
  checkNames(service, document);
  const now = deps.clock.now();
  const [before] = await listServices(tx, service);
  const { outcome, names } = await writeService(tx, service, document, now);
  checkOutcome(service, outcome, names);
  const [row] = await listServices(tx, service);
  if (!row) throw new Error('a service that was registered and is not there');
  if (outcome !== 'same') {
    await tellAccessChanged(tx, now);
    await deps.audit.record(tx, {
      action: 'catalog_registered',
      ...by,
      resource: { type: 'catalog_service', id: service },
      before: before ? stateOf(before) : null,
      after: stateOf(row),
    });
  }
  return { row, outcome };
}

/**
 * Takes a service out of the catalog.
 *
 * @throws {Problem} `resource.not_found`, `catalog.permission_held`
 */
export async function removeService(
  deps: Pick<Deps, 'audit' | 'clock'>,
  tx: TenantTx,
  service: string,
  by: By,
): Promise<void> {
  const now = deps.clock.now();
  const [before] = await listServices(tx, service);
  const { outcome, names } = await writeService(tx, service, undefined, now);
  checkOutcome(service, outcome, names);
  await tellAccessChanged(tx, now);
  await deps.audit.record(tx, {
    action: 'catalog_removed',
    ...by,
    resource: { type: 'catalog_service', id: service },
    before: before ? stateOf(before) : null,
  });
}

const stateOf = (row: ServiceRow) => ({
  version: row.version,
  permissions: row.permissions.map(({ name }) => name),
  resources: Object.keys(row.resources).sort(),
});

function checkNames(service: string, { permissions, resources = {} }: CatalogDocument): void {
  const prefix = `${service}:`;
  const seen = new Set<string>();
  const errors: { path: string; message: string }[] = [];
  for (const [index, { name }] of permissions.entries()) {
    const path = `body/permissions/${index}/name`;
    if (!name.startsWith(prefix) || name.split(':').length !== 3)
      errors.push({ path, message: `must have the form ${prefix}resource:action` });
    else if (seen.has(name)) errors.push({ path, message: 'is there twice' });
    seen.add(name);
  }
  for (const type of Object.keys(resources))
    if (!type.startsWith(prefix))
      errors.push({ path: `body/resources/${type}`, message: `must begin with ${prefix}` });
  const [first] = errors;
  if (first) throw new Problem('request.invalid', { detail: `${first.path} ${first.message}.`, errors });
}

function checkOutcome(service: string, outcome: RegisterOutcome, names: readonly string[]): void {
  if (outcome === 'taken')
    throw new Problem('catalog.service_taken', {
      detail: `The platform has a service called ${service}, which counts in every tenant: choose another name.`,
    });
  if (outcome === 'unknown')
    throw new Problem('resource.not_found', {
      detail: `There is no service called ${service} in this catalog.`,
    });
  if (outcome === 'held')
    throw new Problem('catalog.permission_held', {
      detail: `Roles hold ${names.slice(0, 10).join(', ')}: take it out of them first, or leave it in the document.`,
    });
}
