export { introspectionRoutes } from './introspection.routes.ts';
export { tokenRoutes } from './token.routes.ts';
