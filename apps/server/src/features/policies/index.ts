export { policiesRoutes } from './policies.routes.ts';
export { policyVersionsRoutes } from './versions.routes.ts';
