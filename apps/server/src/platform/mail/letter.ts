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
    // Nor a telephone number.
    .replaceAll(/\+?\d(?:[ ().+-]*\d){6,}/g, ' ')
    .replaceAll(/ +/g, ' ')
    .trim();
  if (!/[\p{L}\p{Nd}]/u.test(words)) return undefined;
  const letters = [...words];
  return `“${letters.length > QUOTED ? `${letters.slice(0, QUOTED).join('').trimEnd()}…` : words}”`;
}

/** What is said to somebody, before it has a form: what waits in the outbox. `renderLetter` makes a mail of it when it leaves. */
export interface Letter {
  to: string;
  /** One line, whatever a name in it contains. */
  subject: string;
  greeting: string;
  paragraphs: string[];
  /** To be read and typed: it stands by itself. */
  code?: string;
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

/**
 * A letter as it waits in the outbox.
 *
 * Around it is a mail without a form: a node of the release before, which may be the one that delivers it, sends what it finds and knows
 * of no letters (docs/adr/0054).
 */
export interface WaitingLetter {
  to: string;
  subject: string;
  text: string;
  letter: Letter;
}

export const compose = (letter: Letter): Letter => ({
  ...letter,
  subject: letter.subject.replaceAll(/\s+/g, ' ').trim(),
});
