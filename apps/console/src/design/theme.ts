import {
  createTheme,
  type CSSVariablesResolver,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from '@mantine/core';
import { t } from '../text.ts';

const verdigris: MantineColorsTuple = [
  '#eef7f4',
  '#dcede7',
  '#b5dace',
  '#7ccab9',
  '#5fb4a2',
  '#41978a',
  '#2b7d71',
  '#1b6b5f',
  '#12534a',
  '#0a3b34',
];

const brick: MantineColorsTuple = [
  '#fdf1ef',
  '#fbe0dc',
  '#f5beb7',
  '#f09a90',
  '#e07367',
  '#cc5247',
  '#b73f36',
  '#a3312a',
  '#862620',
  '#5e1a16',
];

// In a dialog the heading is no landmark: of two that lie over each other, there would be two of them.
const attributes = { header: { role: 'presentation' } };
const close = { 'aria-label': t('dialog.close') };

/** Filled things take the palette's own pair of ground and text, which has its contrast in light and in dark. */
const variantColorResolver: VariantColorsResolver = (input) => {
  const colors = defaultVariantColorsResolver(input);
  if (input.variant !== 'filled') return colors;
  const role = input.color === 'brick' ? 'danger' : 'accent';
  return {
    ...colors,
    background: `var(--gh-${role})`,
    hover: `var(--gh-${role}-strong)`,
    color: 'var(--gh-on-accent)',
  };
};

/** Mantine's dark greys, in the tone of the stone. */
const dark: MantineColorsTuple = [
  '#dbe4e0',
  '#a4b3ac',
  '#8a9a93',
  '#65756e',
  '#35413c',
  '#2a3631',
  '#1d2623',
  '#171f1c',
  '#0f1513',
  '#0b100e',
];

export const theme = createTheme({
  colors: { verdigris, brick, dark },
  primaryColor: 'verdigris',
  primaryShade: { light: 7, dark: 3 },
  variantColorResolver,
  defaultRadius: 8,
  cursorType: 'pointer',
  fontFamily: 'var(--gh-font)',
  fontFamilyMonospace: 'var(--gh-mono)',
  headings: {
    fontFamily: 'var(--gh-font)',
    fontWeight: '680',
    sizes: {
      h1: { fontSize: '1.75rem', lineHeight: '1.2' },
      h2: { fontSize: '1.1875rem', lineHeight: '1.3' },
      h3: { fontSize: '1rem', lineHeight: '1.4' },
    },
  },
  components: {
    Modal: {
      defaultProps: {
        centered: true,
        radius: 12,
        transitionProps: { duration: 120 },
        closeButtonProps: close,
        attributes,
      },
    },
    Checkbox: { defaultProps: { iconColor: 'var(--gh-on-accent)' } },
    Drawer: { defaultProps: { closeButtonProps: close, attributes } },
    Notification: { defaultProps: { closeButtonProps: close } },
    // What floats stays inside the main landmark, where a screen reader looks for it.
    Combobox: { defaultProps: { portalProps: { target: '#floating' } } },
    Menu: {
      defaultProps: {
        portalProps: { target: '#floating' },
        // It is an empty element inside role="menu"; the first item takes the focus instead.
        withInitialFocusPlaceholder: false,
        shadow: 'md',
        radius: 10,
        transitionProps: { duration: 80 },
      },
    },
  },
});

/** Mantine's own colours are mapped onto the palette, which knows light and dark by itself. */
export const cssVariablesResolver: CSSVariablesResolver = () => {
  const mapped = {
    '--mantine-color-body': 'var(--gh-surface)',
    '--mantine-color-text': 'var(--gh-ink)',
    '--mantine-color-dimmed': 'var(--gh-ink-soft)',
    '--mantine-color-placeholder': 'var(--gh-ink-soft)',
    '--mantine-color-default': 'var(--gh-surface)',
    '--mantine-color-default-color': 'var(--gh-ink)',
    '--mantine-color-default-hover': 'var(--gh-sunken)',
    '--mantine-color-default-border': 'var(--gh-line-strong)',
    '--mantine-color-anchor': 'var(--gh-accent)',
    '--mantine-color-error': 'var(--gh-danger)',
    '--mantine-color-disabled': 'var(--gh-sunken)',
    '--mantine-color-disabled-color': 'var(--gh-ink-soft)',
  };
  return { variables: {}, light: mapped, dark: mapped };
};
