export { CONNECTION_SECRETS } from './connection-secret.ts';
export { connectionsRoutes } from './connections.routes.ts';
export { createDns, type Dns } from './domain-challenge.ts';
export { domainsRoutes } from './domains.routes.ts';
export { createHomeRealms, type HomeRealms } from './home-realms.ts';
export { ownIdentitiesRoutes } from './own-identities.routes.ts';
export { createConfiguredConnections } from './platform-connections.ts';
export { createProviders, type Providers } from './providers/index.ts';
export { connectionSignInRoutes } from './sign-in.routes.ts';
