import type { RequestContext } from '../../../platform/http/index.ts';
import { compose, type Letter } from '../../../platform/mail/index.ts';
import type { Sender } from '../auth.mails.ts';

// SECURITY: no mail holds a word that whoever pressed a button could choose: not the label of a factor either.

const told = (config: Sender, to: string, subject: string, paragraphs: string[]): Letter =>
  compose({ to, subject, greeting: 'Hello,', paragraphs, from: config.name, branded: true });

const notYou = (config: Sender) =>
  `If it was not you, set a new password at ${config.publicUrl}/forgot-password: that ends every session of the account. Then tell an administrator.`;

export const factorLockedMail = (
  config: Sender,
  to: string,
  at: 'sign-in' | 'session',
  request: RequestContext,
): Letter =>
  told(config, to, `Wrong codes for your account with ${config.name}`, [
    at === 'sign-in'
      ? `somebody who knows your password gave a wrong second factor too often, last from the address ${request.ip}. For ${config.lockoutMinutes} minutes nobody can sign in with one from an unknown browser. A browser in which you have signed in before still works.`
      : `somebody who is signed in to your account gave a wrong second factor too often, last from the address ${request.ip}. For ${config.lockoutMinutes} minutes nothing that asks for one can be done from inside the account. Signing in is not affected.`,
    notYou(config),
  ]);

export const backupCodeUsedMail = (
  config: Sender,
  to: string,
  left: number,
  request: RequestContext,
): Letter =>
  told(config, to, `A backup code of your account with ${config.name} was used`, [
    `a backup code took the place of your second factor, from the address ${request.ip}. ${left === 0 ? 'It was the last one: make new ones on your account page.' : left === 1 ? 'One is left.' : `${left} are left.`}`,
    notYou(config),
  ]);

const CHANGES = {
  added: 'a second factor was added to your account',
  passkey: 'a passkey was added to your account: whoever holds it can sign in with it',
  removed: 'a second factor was removed from your account',
  codes: 'new backup codes were made for your account, and those before are worth nothing any more',
  reset:
    'all second factors of your account were removed, and all its sessions ended, by an administrator or operator',
} as const;

/** The owner is told of each change of factors (threat 41). */
export const factorsChangedMail = (
  config: Sender,
  to: string,
  change: keyof typeof CHANGES,
  request: RequestContext | undefined,
): Letter =>
  told(config, to, `The second factors of your account with ${config.name} were changed`, [
    `${CHANGES[change]}${request ? `, from the address ${request.ip}` : ''}.`,
    notYou(config),
  ]);

/** SECURITY: what a counter that went back means (WebAuthn §6.1.1). The passkey is refused for as long as its counter is behind. */
export const passkeyRefusedMail = (config: Sender, to: string, request: RequestContext): Letter =>
  told(config, to, `A passkey of your account with ${config.name} was refused`, [
    `a passkey of your account was used from the address ${request.ip}, and counts fewer uses than it had before. It may have been copied, and so it was refused.`,
    'If you know no harmless reason, such as a security key that was restored, remove this passkey on your account page and add a new one.',
    notYou(config),
  ]);
