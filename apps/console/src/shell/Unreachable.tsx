import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../parts/EmptyState.tsx';
import { gatehouse } from '../session.ts';

/** The server cannot be asked. Nobody is signed out by that, and the page comes back by itself. */
export function Unreachable({ retryAt }: { retryAt: number }) {
  const { t } = useTranslation();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const count = Math.max(0, Math.ceil((retryAt - now) / 1000));
  return (
    <main className="alone">
      <EmptyState title={t('unreachable.title')} heading="h1" text={t('unreachable.text', { count })}>
        <Button onClick={() => void gatehouse.start()}>{t('unreachable.now')}</Button>
      </EmptyState>
    </main>
  );
}
