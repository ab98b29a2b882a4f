import { type Branding, inkOn } from '@gatehouse/contracts';

/**
 * Puts the page into the colour of a tenant: the passage beside the form, and the button. Words on it are black or white,
 * whichever reads better; links keep the page's own colour, whose contrast is known.
 */
export function wear(branding: Branding | null | undefined): void {
  const { style } = document.documentElement;
  const color = branding?.primaryColor;
  for (const [name, value] of Object.entries({ brand: color, 'on-brand': color && inkOn(color) })) {
    if (value) style.setProperty(`--gh-${name}`, value);
    else style.removeProperty(`--gh-${name}`);
  }
  document.documentElement.toggleAttribute('data-branded', Boolean(color));
}
