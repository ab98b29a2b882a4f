import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import console from './locales/en/console.json' with { type: 'json' };

void i18next.use(initReactI18next).init({
  lng: 'en',
  fallbackLng: 'en',
  ns: ['console'],
  defaultNS: 'console',
  resources: { en: { console } },
  initAsync: false,
  interpolation: { escapeValue: false },
});

export const language = (): string => i18next.language;
export const t = (key: string, values?: Record<string, string | number>): string =>
  i18next.t(key, values ?? {});
export const hasText = (key: string): boolean => i18next.exists(key);
