import i18next from 'i18next';
import signin from '../locales/en/signin.json' with { type: 'json' };

void i18next.init({
  lng: 'en',
  fallbackLng: 'en',
  ns: ['signin'],
  defaultNS: 'signin',
  resources: { en: { signin } },
  // The texts are in the bundle: nothing to wait for, and the first paint has its words.
  initAsync: false,
  // Preact escapes what it renders.
  interpolation: { escapeValue: false },
});

export const t = (key: string, values?: Record<string, string>): string => i18next.t(key, values ?? {});
export const hasText = (key: string): boolean => i18next.exists(key);
export const language = (): string => i18next.language;

/** A wait in words, in the reader's language: "2 minutes", "1 minute and 5 seconds". */
export function inWords(seconds: number): string {
  const unit = (value: number, name: 'minute' | 'second'): string =>
    new Intl.NumberFormat(language(), { style: 'unit', unit: name, unitDisplay: 'long' }).format(value);
  if (seconds > 120) return unit(Math.ceil(seconds / 60), 'minute');
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  const parts = [minutes && unit(minutes, 'minute'), (rest || !minutes) && unit(rest, 'second')].filter(
    (part): part is string => Boolean(part),
  );
  return new Intl.ListFormat(language(), { type: 'conjunction' }).format(parts);
}
