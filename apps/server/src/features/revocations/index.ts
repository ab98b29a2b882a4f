export { revocationsRoutes } from './revocations.routes.ts';
