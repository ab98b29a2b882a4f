import { createTransport } from 'nodemailer';

export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** The last hop of a mail. */
export interface MailTransport {
  /** @throws when the mail was not taken; it is tried again later. */
  send(mail: Mail, id: string): Promise<void>;
  close(): void;
}

export function createSmtpTransport(url: string, from: string): MailTransport {
  const transport = createTransport(url, { from, disableFileAccess: true, disableUrlAccess: true });
  return {
    async send(mail, id) {
      // SECURITY: an address object is not parsed, so that one stored address stays one recipient (threats 28, 29).
      await transport.sendMail({
        ...mail,
        to: { name: '', address: mail.to },
        messageId: `<${id}@gatehouse>`,
      });
    },
    close: () => transport.close(),
  };
}
