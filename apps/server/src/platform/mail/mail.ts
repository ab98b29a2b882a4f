import { createTransport } from 'nodemailer';

export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** Nobody takes mail at the moment, whoever it is for: the server cannot be reached, refuses us, or says that it is closing. */
export class MailServerAway extends Error {}

/** The last hop of a mail. */
export interface MailTransport {
  /**
   * @throws {MailServerAway} when no mail would have been taken
   * @throws when this one was not taken; it is tried again later
   */
  send(mail: Mail, id: string): Promise<void>;
  close(): void;
}

/** Milliseconds, well within the minute for which a mail is claimed: another process would send it as well. */
const PATIENCE = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 };

export function createSmtpTransport(url: string, from: string, patience = PATIENCE): MailTransport {
  const transport = createTransport(
    { url, ...patience, disableFileAccess: true, disableUrlAccess: true },
    { from },
  );
  // A connection that breaks over one mail again and again is no reason for all others to wait.
  const answers = () =>
    transport.verify().then(
      () => true,
      () => false,
    );
  return {
    async send(mail, id) {
      // SECURITY: an address object is not parsed, so that one stored address stays one recipient (threats 28, 29).
      const sent = transport.sendMail({
        ...mail,
        to: { name: '', address: mail.to },
        messageId: `<${id}@gatehouse>`,
      });
      await sent.catch(async (error: unknown) => {
        throw isAway(error) && !(await answers())
          ? new MailServerAway((error as Error).message, { cause: error })
          : error;
      });
    },
    close: () => transport.close(),
  };
}

/** Of nodemailer's codes, those that come before anybody was named as a recipient. */
const AWAY = ['ECONNECTION', 'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ESOCKET', 'EDNS', 'ETLS', 'EAUTH'];
/** RFC 5321 §3.8: the server is closing the connection, whatever was asked. */
const CLOSING = 421;

function isAway(error: unknown): boolean {
  const { code, responseCode } = error as { code?: string; responseCode?: number };
  return responseCode === CLOSING || (code !== undefined && AWAY.includes(code));
}
