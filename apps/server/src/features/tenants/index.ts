export { createRootTenant } from './root-tenant.ts';
export { openOwnTenant } from './open-own-tenant.ts';
export { tenantsRoutes } from './tenants.routes.ts';
