import type { RequestContext } from '../../platform/http/index.ts';
import { compose, type Letter } from '../../platform/mail/index.ts';
import { link, type Sender } from './auth.mails.ts';

// SECURITY: subjects hold the deployment's name and nothing else, and no mail holds a word that whoever pressed a button could
// choose; only the present address is told the new one, since its owner has to know.

const notYou = (config: Sender) =>
  `If it was not you, set a new password at ${config.publicUrl}/forgot-password: that ends every session of the account. Then tell an administrator.`;

export const resetPasswordMail = (
  config: Sender,
  to: string,
  request: RequestContext,
  token: string,
): Letter =>
  compose({
    to,
    subject: `Set a new password for ${config.name}`,
    greeting: 'Hello,',
    paragraphs: [
      `somebody asked for a new password for your account, from the address ${request.ip}. The link works once, within 30 minutes, and ends the links that were mailed before.`,
      'A new password ends all sessions of the account. If you did not ask, ignore this mail: nothing has been changed.',
    ],
    action: { label: 'Set a new password', url: link(config, '/reset-password', token) },
    from: config.name,
    branded: true,
  });

export const passwordChangedMail = (config: Sender, to: string, request: RequestContext): Letter =>
  compose({
    to,
    subject: `Your password for ${config.name} was changed`,
    greeting: 'Hello,',
    paragraphs: [
      `the password of your account was changed, from the address ${request.ip}. All other sessions of the account have ended.`,
      notYou(config),
    ],
    from: config.name,
    branded: true,
  });

export const passwordCheckLockedMail = (config: Sender, to: string, request: RequestContext): Letter =>
  compose({
    to,
    subject: `Wrong passwords in your account with ${config.name}`,
    greeting: 'Hello,',
    paragraphs: [
      `somebody who is signed in to your account gave a wrong password too often, last from the address ${request.ip}. For ${config.lockoutMinutes} minutes nothing that asks for the password can be done from inside the account. Signing in is not affected.`,
      notYou(config),
    ],
    from: config.name,
    branded: true,
  });

export const verifyEmailMail = (config: Sender, to: string, token: string): Letter =>
  compose({
    to,
    subject: `Confirm your address for ${config.name}`,
    greeting: 'Hello,',
    paragraphs: ['confirm that this address is yours. The link works once, within 24 hours.'],
    action: { label: 'Confirm the address', url: link(config, '/verify-email', token) },
    from: config.name,
  });

export const confirmNewEmailMail = (config: Sender, to: string, token: string): Letter =>
  compose({
    to,
    subject: `Confirm your new address for ${config.name}`,
    greeting: 'Hello,',
    paragraphs: [
      'you asked to sign in with this address from now on. Confirm that it is yours, with your password. The link works once, within 24 hours.',
      'If it was not you, ignore this mail: nothing has been changed.',
    ],
    action: { label: 'Confirm the new address', url: link(config, '/confirm-email', token) },
    from: config.name,
  });

export const addressInUseMail = (config: Sender, to: string): Letter =>
  compose({
    to,
    subject: `Somebody wanted to use your address for ${config.name}`,
    greeting: 'Hello,',
    paragraphs: [
      'somebody, perhaps you, wanted to use this address for another account. You sign in to an account of your own with it, so nothing was changed.',
    ],
    from: config.name,
  });

export const emailChangeRequestedMail = (
  config: Sender,
  to: string,
  newEmail: string,
  request: RequestContext,
): Letter =>
  compose({
    to,
    subject: `A new address was asked for in your account with ${config.name}`,
    greeting: 'Hello,',
    paragraphs: [
      `somebody who is signed in to your account and knows its password wants to change its address to ${newEmail}, from the address ${request.ip}. It changes when the new address is confirmed.`,
      notYou(config),
    ],
    from: config.name,
    branded: true,
  });

export const emailChangedMail = (config: Sender, to: { old: string } | { fresh: string }): Letter =>
  'old' in to
    ? compose({
        to: to.old,
        subject: `The address of your account with ${config.name} was changed`,
        greeting: 'Hello,',
        paragraphs: [
          'you no longer sign in with this address: another one was confirmed for your account.',
          'If it was not you, tell an administrator at once.',
        ],
        from: config.name,
        branded: true,
      })
    : compose({
        to: to.fresh,
        subject: `Your new address for ${config.name} is confirmed`,
        greeting: 'Hello,',
        paragraphs: ['from now on you sign in with this address. The former one no longer works.'],
        action: { label: 'Sign in', url: `${config.publicUrl}/signin` },
        from: config.name,
        branded: true,
      });
