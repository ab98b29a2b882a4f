import type { Config } from '../../config/index.ts';
import { compose, type Letter } from '../../platform/mail/index.ts';

/** The last mail to an address. It is sealed until it has left, and nothing of it stays then. */
export const erasedMail = (config: Pick<Config, 'name'>, to: string): Letter =>
  compose({
    to,
    subject: `Your account with ${config.name} is erased`,
    greeting: 'Hello,',
    paragraphs: [
      'your account and all that said who you are has been erased, as was asked for. Every session has ended. What was recorded stays as entries that no longer name anybody.',
      'This address is free: whoever registers with it begins anew. This is the last mail about the account.',
    ],
    from: config.name,
  });
