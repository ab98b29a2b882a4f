export { type ApiKeyContexts, createApiKeyContexts } from './api-key-contexts.ts';
export { isApiKey } from './api-key.ts';
export { apiKeysRoutes } from './api-keys.routes.ts';
export {
  authenticateApiKey,
  isAllowedFrom,
  loadPresentedKey,
  principalOf,
} from './authenticate-api-key.ts';
export { createLastUses, type LastUses } from './last-use.ts';
