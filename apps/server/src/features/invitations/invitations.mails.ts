import { compose, type Letter, quoted } from '../../platform/mail/index.ts';
import { link, type Sender } from '../auth/index.ts';

// SECURITY: the same mail for an address with an account and for one without, since nobody has looked. Of what the inviter's tenant
// chose, its name is quoted, and not in the subject.
export const invitationMail = (
  config: Sender,
  to: { email: string; tenant: string; days: number },
  token: string,
): Letter =>
  compose({
    to: to.email,
    subject: `You have been invited with ${config.name}`,
    greeting: 'Hello,',
    paragraphs: [
      `${['an administrator', quoted(to.tenant)].filter(Boolean).join(' of ')} invites you to work there. If you have an account with ${config.name}, you keep it and sign in as before; if you have none, you make one. The link works once, within ${to.days === 1 ? 'a day' : `${to.days} days`}, and for this address only.`,
      'If you do not expect this, ignore the mail: nothing happens without the link.',
    ],
    action: { label: 'See the invitation', url: link(config, '/invitation', token) },
    from: config.name,
  });
