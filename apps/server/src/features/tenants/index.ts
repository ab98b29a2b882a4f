export { createRootTenant } from './root-tenant.ts';
export { insertTenant } from './tenants.repo.ts';
export { tenantsRoutes } from './tenants.routes.ts';
