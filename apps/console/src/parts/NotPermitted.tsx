import { useTranslation } from 'react-i18next';
import { EmptyState } from './EmptyState.tsx';

export function NotPermitted({ permission }: { permission: string }) {
  const { t } = useTranslation();
  return (
    <EmptyState title={t('notPermitted.title')} heading="h1" text={t('notPermitted.text', { permission })} />
  );
}
