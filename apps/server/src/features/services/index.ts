export { isServiceToken, loadServicePrincipal, servicePrincipal } from './authenticate-service.ts';
export { authenticateInternal, INTERNAL_TOKEN_HEADER } from './internal-token.ts';
export { audienceOf } from './service-message.ts';
export { isServiceSecret } from './service-secret.ts';
export { createServiceContexts, type ServiceContexts } from './service-contexts.ts';
export { servicesRoutes } from './services.routes.ts';
export { findService, listCallees, type ServiceContext } from './services.repo.ts';
