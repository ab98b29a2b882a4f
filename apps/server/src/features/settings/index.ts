export { type Brands, createBrands } from './brands.ts';
export { countRequest } from './count-request.ts';
export { logoRoutes } from './logo.routes.ts';
export { isOwnConnection, loadOwnSettings, sessionRulesOf } from './settings.repo.ts';
export { settingsRoutes } from './settings.routes.ts';
export {
  checkEmailDomain,
  isNetworkAllowed,
  isSignInAllowed,
  mailSignInOf,
  signInRefused,
} from './sign-in-rules.ts';
export { createTenantRules, type TenantRules } from './tenant-rules.ts';
