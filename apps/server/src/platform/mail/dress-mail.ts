import { type Branding, inkOn } from '@gatehouse/contracts';
import type { Mail } from './mail.ts';
import { BUTTON, escapeHtml, LETTERHEAD } from './template.ts';

/** How tall a logo stands in a letter, at most. */
const LOGO_HEIGHT = 48;

/** A letter in the branding of a tenant: its button in the colour, and, where it may have one, a letterhead. */
export function dressMail(mail: Mail, branding: Branding, publicUrl: string): Mail {
  const { primaryColor, companyUrl } = branding;
  const isBranded = mail.html.includes(LETTERHEAD);
  const button = primaryColor === null ? BUTTON : `background:${primaryColor};color:${inkOn(primaryColor)}`;
  return {
    ...mail,
    html: mail.html
      .replaceAll(BUTTON, () => button)
      .replace(LETTERHEAD, () => letterhead(branding, publicUrl)),
    text: isBranded && companyUrl !== null ? `${mail.text}\n\n${companyUrl}` : mail.text,
  };
}

function letterhead({ name, logo, companyUrl, primaryColor }: Branding, publicUrl: string): string {
  const height = Math.min(LOGO_HEIGHT, logo?.height ?? 0);
  const width = logo === null ? 0 : Math.max(1, Math.round((logo.width * height) / logo.height));
  const shown =
    logo === null
      ? `<strong>${escapeHtml(name)}</strong>`
      : `<img src="${escapeHtml(publicUrl + logo.url)}" width="${width}" height="${height}" alt="${escapeHtml(name)}" style="border:0">`;
  const linked =
    companyUrl === null
      ? shown
      : `<a href="${escapeHtml(companyUrl)}" style="color:inherit;text-decoration:none">${shown}</a>`;
  return `<p style="margin:0 0 24px;padding:0 0 16px;border-bottom:2px solid ${primaryColor ?? '#d8ded9'}">${linked}</p>`;
}
