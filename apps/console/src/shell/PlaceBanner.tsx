import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { goInto, usePlace } from '../place.ts';
import { useMe } from '../session.ts';

/** Says all the time that the pages are those of a customer, and leads back. */
export function PlaceBanner() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const place = usePlace();
  const me = useMe();
  if (!place || !me) return null;
  const leave = async (): Promise<void> => {
    await navigate({ to: '/customers' });
    goInto(null);
  };
  return (
    <section className="place" aria-label={t('place.label')}>
      <p>{t('place.text', { name: place.name, own: me.tenant.name })}</p>
      <Button variant="default" size="xs" onClick={() => void leave()}>
        {t('place.leave')}
      </Button>
    </section>
  );
}
