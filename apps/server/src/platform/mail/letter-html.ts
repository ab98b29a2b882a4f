import { type Branding, inkOn } from '@gatehouse/contracts';
import { Body } from '@react-email/body';
import { Button } from '@react-email/button';
import { Container } from '@react-email/container';
import { Head } from '@react-email/head';
import { Html } from '@react-email/html';
import { Img } from '@react-email/img';
import { Link } from '@react-email/link';
import { Preview } from '@react-email/preview';
import { Section } from '@react-email/section';
import { Text } from '@react-email/text';
import { createElement as h, type CSSProperties } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import type { Letter } from './letter.ts';

/** How tall a logo stands in a letter, at most. */
const LOGO_HEIGHT = 48;

// Mail programs read styles at the elements and little else.
const INK = '#17211e';
const SOFT = '#51605a';
const LINE = '#d8ded9';
const ACCENT = '#1b6b5f';
const style = {
  page: {
    margin: 0,
    padding: '24px 12px',
    backgroundColor: '#f3f4f1',
    fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif',
  },
  sheet: {
    maxWidth: '560px',
    padding: '32px',
    border: `1px solid ${LINE}`,
    borderRadius: '12px',
    backgroundColor: '#ffffff',
  },
  text: { margin: '0 0 16px', fontSize: '16px', lineHeight: '24px', color: INK, overflowWrap: 'anywhere' },
  code: {
    margin: '24px 0',
    fontSize: '28px',
    lineHeight: '36px',
    letterSpacing: '4px',
    fontFamily: 'ui-monospace, Menlo, Consolas, monospace',
    color: INK,
  },
  small: { margin: '0 0 8px', fontSize: '13px', lineHeight: '20px', color: SOFT, overflowWrap: 'anywhere' },
  button: { padding: '12px 20px', borderRadius: '8px', fontSize: '16px', fontWeight: 600 },
} satisfies Record<string, CSSProperties>;

/** The HTML of a letter, of the components of React Email: what somebody wrote is text in it and never markup. */
export function letterHtml(letter: Letter, branding: Branding | null, publicUrl: string): string {
  const { subject, greeting, paragraphs, code, action, from, branded } = letter;
  const color = branding?.primaryColor ?? ACCENT;
  return (
    '<!doctype html>' +
    renderToStaticMarkup(
      h(
        Html,
        { lang: 'en' },
        h(
          Head,
          null,
          h('title', null, subject),
          h('meta', { name: 'color-scheme', content: 'light' }),
          h('meta', { name: 'format-detection', content: 'telephone=no' }),
        ),
        h(Preview, null, paragraphs[0] ?? greeting),
        h(
          Body,
          { style: style.page },
          h(
            Container,
            { style: style.sheet },
            branded && branding && letterhead(branding, color, publicUrl),
            ...[greeting, ...paragraphs].map((text, at) => h(Text, { key: at, style: style.text }, text)),
            code && h(Text, { style: style.code }, code),
            action && button(action, color),
            h(Text, { style: { ...style.small, margin: '24px 0 0' } }, from),
          ),
        ),
      ),
    )
  );
}

/** And the address itself, for programs that show no buttons and people who look before they press. */
const button = ({ label, url }: NonNullable<Letter['action']>, color: string) =>
  h(
    Section,
    { style: { margin: '24px 0' } },
    h(
      Button,
      {
        href: url,
        target: undefined,
        style: { ...style.button, backgroundColor: color, color: inkOn(color) },
      },
      label,
    ),
    h(Text, { style: { ...style.small, margin: '16px 0 0' } }, url),
  );

function letterhead({ name, logo, companyUrl }: Branding, color: string, publicUrl: string) {
  const shown = logo === null ? h('strong', null, name) : picture(logo, name, publicUrl);
  return h(
    Section,
    { style: { marginBottom: '24px', paddingBottom: '16px', borderBottom: `2px solid ${color}` } },
    companyUrl === null
      ? shown
      : h(Link, { href: companyUrl, style: { color: INK, textDecoration: 'none' } }, shown),
  );
}

function picture(logo: NonNullable<Branding['logo']>, name: string, publicUrl: string) {
  const height = Math.min(LOGO_HEIGHT, logo.height);
  const width = Math.max(1, Math.round((logo.width * height) / logo.height));
  // Of low priority, or React puts a line into the head that loads it before.
  return h(Img, { src: publicUrl + logo.url, width, height, alt: name, fetchPriority: 'low' });
}
