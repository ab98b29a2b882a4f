import { contrast, inkOn } from '@gatehouse/contracts';
import { useTranslation } from 'react-i18next';

/** Grounds that the button stands on, in light and in dark. */
const GROUNDS = { light: '#f3f4f1', dark: '#0f1513' } as const;
/** WCAG 2.2, 1.4.11: what one has to find on a page. */
const ENOUGH = 3;

/** How a button in the colour looks, and whether people can read and find it. */
export function ColorSample({ color }: { color: string }) {
  const { t } = useTranslation();
  const ink = inkOn(color);
  const faint = (['light', 'dark'] as const).filter((scheme) => contrast(color, GROUNDS[scheme]) < ENOUGH);
  return (
    <div className="color-sample">
      <span className="color-button" style={{ background: color, color: ink }}>
        {t('settings.branding.sample')}
      </span>
      <p role="status">
        {t(ink === '#ffffff' ? 'settings.branding.inkWhite' : 'settings.branding.inkBlack', {
          contrast: contrast(color, ink).toFixed(1),
        })}{' '}
        {faint.map((scheme) => t(`settings.branding.faint.${scheme}`)).join(' ')}
      </p>
    </div>
  );
}
