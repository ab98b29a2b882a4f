export { createDevelopmentMailbox, type DevelopmentMailbox } from './development-mailbox.ts';
export { compose, type Letter, quoted, type WaitingLetter } from './letter.ts';
export { createSmtpTransport, type Mail, MailServerAway, type MailTransport } from './mail.ts';
export { renderLetter, waitingLetter } from './render-letter.ts';
