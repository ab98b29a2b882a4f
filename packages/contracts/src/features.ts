import type { TenantSettings } from './messages/settings.ts';
import { type Permission, TENANT_PERMISSIONS } from './permissions.ts';

export type FeatureName = keyof TenantSettings['features'];

const of = (...resources: string[]): readonly Permission[] =>
  TENANT_PERMISSIONS.filter((name) => resources.includes(name.split(':')[0] ?? ''));

/** Permissions that count in a tenant as long as it has the feature, whatever roles hold them. */
export const FEATURE_PERMISSIONS: Readonly<Record<FeatureName, readonly Permission[]>> = {
  billing: of('billing', 'usage', 'invoices', 'payments'),
  support: of('tickets'),
  provisioning: of('instances'),
};
