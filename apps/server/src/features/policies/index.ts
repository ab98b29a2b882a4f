export { loadBundle } from './load-bundle.ts';
export { policiesRoutes } from './policies.routes.ts';
export { policyVersionsRoutes } from './versions.routes.ts';
