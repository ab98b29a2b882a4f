import type { RequestContext } from '../../../platform/http/index.ts';
import { compose, type Letter } from '../../../platform/mail/index.ts';
import { link, type Sender } from '../auth.mails.ts';
import { MAIL_SIGN_IN_SECONDS } from '../links.ts';

const minutes = MAIL_SIGN_IN_SECONDS / 60;

const ignore =
  'If you did not ask, ignore this mail: nobody comes in without it. Give it to nobody, whoever asks for it.';

export const signInLinkMail = (config: Sender, to: string, request: RequestContext, token: string): Letter =>
  compose({
    to,
    subject: `Sign in to ${config.name}`,
    greeting: 'Hello,',
    paragraphs: [
      `somebody asked for a link to sign in with, from the address ${request.ip}. It works once, within ${minutes} minutes. Open it in the browser in which you asked.`,
      ignore,
    ],
    action: { label: 'Sign in', url: link(config, '/signin/mail-link', token) },
    from: config.name,
    branded: true,
  });

export const signInCodeMail = (config: Sender, to: string, request: RequestContext, code: string): Letter =>
  compose({
    to,
    subject: `Your code for ${config.name}`,
    greeting: 'Hello,',
    paragraphs: [
      `somebody asked for a code to sign in with, from the address ${request.ip}. It works once, within ${minutes} minutes, and in the browser in which it was asked for alone.`,
      ignore,
    ],
    code: `${code.slice(0, 4)} ${code.slice(4)}`,
    from: config.name,
    branded: true,
  });
