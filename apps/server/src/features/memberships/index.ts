export { leaveTenantRoutes } from './leave-tenant.routes.ts';
export { membershipsRoutes } from './memberships.routes.ts';
