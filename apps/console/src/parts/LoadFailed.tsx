import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { sayProblem } from '../data/problem.ts';
import { EmptyState } from './EmptyState.tsx';

export function LoadFailed({ error, retry }: { error: unknown; retry: () => unknown }) {
  const { t } = useTranslation();
  return (
    <div role="alert">
      <EmptyState title={t('load.failed')} text={sayProblem(error)}>
        <Button variant="default" onClick={() => void retry()}>
          {t('load.again')}
        </Button>
      </EmptyState>
    </div>
  );
}
