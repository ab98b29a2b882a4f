import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { optionsQuery } from '../data/options.ts';

/** The way to the development mailbox, where there is one. */
export function DevMail() {
  const { t } = useTranslation();
  const { data: options } = useQuery(optionsQuery());
  if (!options?.devMailUrl) return null;
  return (
    <a href={options.devMailUrl} target="_blank" rel="noreferrer">
      {t('users.devMail')}
    </a>
  );
}
