import { Problem } from '../../platform/http/index.ts';

/** Of every way in but an identity provider, where the deployment or the tenant takes single sign-on only (spec W10). */
export const ssoRequired = () =>
  new Problem('auth.sso_required', { detail: "Sign in through your organisation's identity provider." });
