export { createDevelopmentMailbox, type DevelopmentMailbox } from './development-mailbox.ts';
export { createSmtpTransport, type Mail, MailServerAway, type MailTransport } from './mail.ts';
export { compose, escapeHtml, quoted } from './template.ts';
export { dressMail } from './dress-mail.ts';
