import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../parts/EmptyState.tsx';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <EmptyState title={t('notFound.title')} heading="h1" text={t('notFound.text')}>
      <Button component={Link} to="/" variant="default">
        {t('notFound.home')}
      </Button>
    </EmptyState>
  );
}
