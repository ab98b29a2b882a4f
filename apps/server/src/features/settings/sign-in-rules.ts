import type { TenantSettings } from '@gatehouse/contracts';
import { isWithin } from '../../config/index.ts';
import { Problem } from '../../platform/http/index.ts';

type SignInRules = TenantSettings['signIn'];

const domainOf = (email: string) =>
  email
    .slice(email.lastIndexOf('@') + 1)
    .toLowerCase()
    .replace(/\.$/, '');

const isDomainAllowed = ({ emailDomains }: SignInRules, email: string): boolean =>
  emailDomains.length === 0 || emailDomains.includes(domainOf(email));

export const isNetworkAllowed = ({ networks }: SignInRules, ip: string): boolean =>
  networks.length === 0 || isWithin(ip, networks);

/** Whether the rules of a tenant let somebody of it in. */
export const isSignInAllowed = (rules: SignInRules, who: { email: string; ip: string }): boolean =>
  isNetworkAllowed(rules, who.ip) && isDomainAllowed(rules, who.email);

export const signInRefused = () =>
  new Problem('auth.sign_in_refused', {
    detail:
      'Sign in from a network and with an address that your organisation allows, or ask its administrator.',
  });

/** @throws {Problem} `users.email_domain_refused` for an address that the tenant's own people do not sign in with. */
export function checkEmailDomain({ signIn }: TenantSettings, email: string): void {
  if (isDomainAllowed(signIn, email)) return;
  throw new Problem('users.email_domain_refused', {
    detail: `Use an address of ${signIn.emailDomains.join(' or ')}.`,
  });
}

/** By which mail a tenant lets its people in: by none where it takes single sign-on only. */
export const mailSignInOf = ({ policy, mailLink, mailCode }: SignInRules) => ({
  link: policy === 'standard' && mailLink,
  code: policy === 'standard' && mailCode,
});
