export { keysRoutes } from './keys.routes.ts';
export { loadTokenSigner } from './signing-keys.ts';
