import type { Config } from '../../config/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import { compose, type Letter, quoted } from '../../platform/mail/index.ts';

export type Sender = Pick<Config, 'name' | 'publicUrl' | 'lockoutMinutes'>;

// SECURITY: links are built from the configured public URL alone, never from a request's Host (threat 31), and a token
// stands in the fragment, which browsers send to no server.
export const link = (config: Sender, path: string, token: string) =>
  `${config.publicUrl}${path}#token=${token}`;

export const accountLockedMail = (config: Sender, to: string, request: RequestContext): Letter =>
  compose({
    to,
    subject: `Sign-in to ${config.name} is locked for ${config.lockoutMinutes} minutes`,
    greeting: 'Hello,',
    paragraphs: [
      `somebody tried to sign in to your account too often with a wrong password, last from the address ${request.ip}. To protect the account, sign-in from unknown browsers is locked for ${config.lockoutMinutes} minutes.`,
      'If it was you, wait and try again, have a link mailed to set a new password, or ask an administrator to unlock the account. If it was not you, nothing was lost; a browser in which you have signed in before still works.',
    ],
    from: config.name,
    branded: true,
  });

// SECURITY: whoever opens a tenant chooses its name and those of its users, and this mail goes to an address that nobody has proved.
// The user's name stays away, the tenant's is quoted, and neither is in the subject.
export const setPasswordMail = (
  config: Sender,
  to: { email: string; tenant: string },
  token: string,
): Letter =>
  compose({
    to: to.email,
    subject: `Your new account with ${config.name}`,
    greeting: 'Hello,',
    paragraphs: [
      `${['an administrator', quoted(to.tenant)].filter(Boolean).join(' of ')} has made an account for you. Choose a password to begin. The link works once, within 72 hours.`,
      'If you do not expect this, ignore the mail: nobody uses your address without the link.',
    ],
    action: { label: 'Choose a password', url: link(config, '/set-password', token) },
    from: config.name,
  });

// SECURITY: not a word of whoever registered. Anybody can have this mail sent to anybody, and a name is room for a message.
export const confirmRegistrationMail = (config: Sender, to: string, token: string): Letter =>
  compose({
    to,
    subject: `Confirm your registration with ${config.name}`,
    greeting: 'Hello,',
    paragraphs: [
      'confirm that this address is yours, and enter the password that you chose once more. The link works once, within 24 hours.',
      'If you did not register, ignore this mail: nothing has been opened.',
    ],
    action: { label: 'Confirm the registration', url: link(config, '/register/confirm', token) },
    from: config.name,
  });

export const alreadyRegisteredMail = (config: Sender, to: string): Letter =>
  compose({
    to,
    subject: `You already have an account with ${config.name}`,
    greeting: 'Hello,',
    paragraphs: [
      'somebody, perhaps you, tried to register with this address. There is an account already: sign in with it. Nothing was changed.',
    ],
    action: { label: 'Sign in', url: `${config.publicUrl}/signin` },
    from: config.name,
  });
