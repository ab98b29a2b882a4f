export { membershipsRoutes } from './memberships.routes.ts';
