import type { RequestContext } from '../../platform/http/index.ts';
import { compose, type Letter } from '../../platform/mail/index.ts';
import type { Sender } from '../auth/index.ts';

// SECURITY: neither the connection's name, which an administrator chose, nor what the provider calls the account.
export const identityLinkedMail = (config: Sender, to: string, request: RequestContext): Letter =>
  compose({
    to,
    subject: `A sign-in provider was linked to your account with ${config.name}`,
    greeting: 'Hello,',
    paragraphs: [
      `an account of a sign-in provider was linked to your account, from the address ${request.ip}: whoever holds it can sign in with it. Your account page shows which one, and takes it off again.`,
      `If it was not you, take it off there, and set a new password at ${config.publicUrl}/forgot-password: that ends every session of the account. Then tell an administrator.`,
    ],
    from: config.name,
    branded: true,
  });
