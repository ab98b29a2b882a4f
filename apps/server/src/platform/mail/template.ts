import type { Mail } from './mail.ts';

/** Escapes text for HTML; names and addresses in a mail are somebody's input. */
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const QUOTED = 40;

/**
 * What somebody calls themselves, for a mail to somebody who has not asked for it: in quotes, short, and nothing in it that a mail
 * program makes a link of. Undefined where nothing is left.
 *
 * SECURITY: an allow-list, since mail programs find links in more than addresses of the web. A dot ends a word or an abbreviation
 * (“Acme Inc.”), and never joins two.
 */
export function quoted(name: string): string | undefined {
  const words = name
    .replaceAll(/[^\p{L}\p{M}\p{Nd} &'’,()+.-]+/gu, ' ')
    .replaceAll(/\.(?=\S)/g, ' ')
    .replaceAll(/ +/g, ' ')
    .trim();
  if (!/[\p{L}\p{Nd}]/u.test(words)) return undefined;
  const letters = [...words];
  return `“${letters.length > QUOTED ? `${letters.slice(0, QUOTED).join('').trimEnd()}…` : words}”`;
}

export interface Letter {
  to: string;
  subject: string;
  greeting: string;
  paragraphs: string[];
  action?: { label: string; url: string };
  /** The deployment's name. */
  from: string;
  /**
   * Goes to an address that its owner proved for the very tenant that it is about, and so in that tenant's branding.
   *
   * SECURITY: a picture and an address of the web are room for a message. Mail that somebody can have sent to a stranger has none.
   */
  branded?: true;
}

/** What `dressMail` finds in a letter: nothing that somebody wrote can look like it, since all of that is escaped. */
export const BUTTON = 'background:#1f4d3f;color:#fff';
export const LETTERHEAD = '<!--letterhead-->';

/** One letter as text and as HTML. Subject lines are a single line whatever a name contains. */
export function compose({ to, subject, greeting, paragraphs, action, from, branded }: Letter): Mail {
  const text = [greeting, ...paragraphs, ...(action ? [`${action.label}:\n${action.url}`] : []), from].join(
    '\n\n',
  );
  const button = action
    ? `<p style="margin:28px 0"><a href="${escapeHtml(action.url)}" style="${BUTTON};padding:12px 20px;border-radius:6px;text-decoration:none">${escapeHtml(action.label)}</a></p>`
    : '';
  const body = paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`).join('');
  const html =
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>` +
    `<body style="font-family:system-ui,sans-serif;line-height:1.5;color:#1c2321;max-width:560px;margin:32px auto;padding:0 16px">` +
    `${branded ? LETTERHEAD : ''}<p>${escapeHtml(greeting)}</p>${body}${button}<p style="color:#5c6663">${escapeHtml(from)}</p></body></html>`;
  return { to, subject: subject.replaceAll(/\s+/g, ' ').trim(), text, html };
}
