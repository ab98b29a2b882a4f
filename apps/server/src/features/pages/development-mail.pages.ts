import { sha256 } from '../../platform/crypto/index.ts';

/** A page with its own Content-Security-Policy. */
export interface MailPage {
  readonly html: string;
  readonly policy: string;
}

const CLOSED = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

export function mailboxPage(mails: readonly Shown[], publicUrl: string): MailPage {
  const body =
    mails.length === 0
      ? '<p>No mail yet. Add a user or register, then reload this page.</p>'
      : mails.map((mail) => letter(mail, publicUrl)).join('');
  return { html: document(body), policy: `${CLOSED}; style-src 'self'` };
}

/** Exchanges the key in the fragment for the cookie, then shows the mailbox in place of itself, so that history keeps no key. */
const EXCHANGE = `const key = new URLSearchParams(location.hash.slice(1)).get('key');
if (key) fetch('/dev/mail', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ key }),
}).then((answer) => { if (answer.ok) location.replace('/dev/mail'); });
addEventListener('hashchange', () => location.reload());`;

/** For a browser that was not let in: it holds nothing of anybody. */
export const entrancePage: MailPage = {
  html: document(
    '<p>Open the link that the service printed when it started (<code>…/dev/mail#key=…</code>). ' +
      `This browser is then let in for as long as it stays open.</p><script>${EXCHANGE}</script>`,
  ),
  policy: `${CLOSED}; script-src 'sha256-${sha256(EXCHANGE).toString('base64')}'; connect-src 'self'`,
};

interface Shown {
  to: string;
  subject: string;
  text: string;
  at: string;
}

// SECURITY: links to here alone: what else looks like one was written by somebody who has an account, or wants one.
function letter(mail: Shown, publicUrl: string): string {
  const text = mail.text
    .split(/(\s)/)
    .map((word) => {
      const escaped = escapeHtml(word);
      return word.startsWith(`${publicUrl}/`) ? `<a href="${escaped}">${escaped}</a>` : escaped;
    })
    .join('');
  return `<article><h2>${escapeHtml(mail.subject)}</h2><p>To ${escapeHtml(mail.to)}, <time datetime="${mail.at}">${mail.at}</time></p><p>${text.replaceAll('\n', '<br>')}</p></article><hr>`;
}

/** Names and addresses in a mail are somebody's input. */
function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function document(body: string): string {
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
    `<meta name="color-scheme" content="light dark"><title>Development mailbox</title></head><body><main><h1>Development mailbox</h1>${body}</main></body></html>`
  );
}
