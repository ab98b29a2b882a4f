export { settingsRoutes } from './settings.routes.ts';
export { checkEmailDomain, isNetworkAllowed, isSignInAllowed, signInRefused } from './sign-in-rules.ts';
export { createTenantRules, type TenantRules } from './tenant-rules.ts';
