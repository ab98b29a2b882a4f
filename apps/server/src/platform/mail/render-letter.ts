import type { Branding } from '@gatehouse/contracts';
import type { Letter, WaitingLetter } from './letter.ts';
import type { Mail } from './mail.ts';

export const waitingLetter = (letter: Letter): WaitingLetter => ({
  to: letter.to,
  subject: letter.subject,
  text: letterText(letter, null),
  letter,
});

/**
 * A letter as it leaves: as text, and as HTML in the branding of its tenant, as that is at this moment. Never inside a request:
 * the outbox calls it, in the process that delivers, and only there is the renderer loaded.
 */
export async function renderLetter(
  waiting: WaitingLetter | Mail,
  branding: Branding | null,
  publicUrl: string,
): Promise<Mail> {
  // What the release before has left in the outbox is a mail already.
  if (!('letter' in waiting)) return waiting;
  const { letter } = waiting;
  const { letterHtml } = await import('./letter-html.ts');
  const { to, subject } = letter;
  return { to, subject, text: letterText(letter, branding), html: letterHtml(letter, branding, publicUrl) };
}

function letterText(
  { greeting, paragraphs, code, action, from, branded }: Letter,
  branding: Branding | null,
): string {
  const parts = [greeting, ...paragraphs];
  if (code) parts.push(code);
  if (action) parts.push(`${action.label}:\n${action.url}`);
  parts.push(from);
  if (branded && branding?.companyUrl) parts.push(branding.companyUrl);
  return parts.join('\n\n');
}
