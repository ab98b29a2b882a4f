import type { Consent } from '@gatehouse/contracts';
import { Button, Skeleton } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useGrantConsent, useWithdrawConsent } from '../../data/consents/mutations.ts';
import { consentsQuery } from '../../data/consents/queries.ts';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { Time } from '../../parts/Time.tsx';
import { refused } from '../../parts/refused.ts';

/** What counts of one's consents, each with the way back. */
export function OwnConsents() {
  const { t } = useTranslation();
  const { data, error, isPending, refetch } = useQuery(consentsQuery());
  if (error) return <LoadFailed error={error} retry={refetch} />;
  if (isPending) return <Skeleton height={40} aria-label={t('load.loading')} />;
  if (data.items.length === 0) return <p className="soft">{t('data.noConsents')}</p>;
  return (
    <ul className="consents">
      {data.items.map((consent) => (
        <ConsentItem key={consent.purpose} consent={consent} />
      ))}
    </ul>
  );
}

function ConsentItem({ consent }: { consent: Consent }) {
  const { t } = useTranslation();
  const [grant, withdraw] = [useGrantConsent(), useWithdrawConsent()];
  const isGranted = consent.state === 'granted';
  const change = isGranted ? withdraw : grant;
  const { purpose, version } = consent;
  const onChange = (): void =>
    change.mutate(consent, {
      onSuccess: () =>
        notifications.show({ message: t(isGranted ? 'data.withdrawn' : 'data.granted', { purpose }) }),
      onError: refused,
    });

  return (
    <li>
      <div>
        <p className="account-value">
          <span>{purpose}</span>{' '}
          <span className={`status status-${isGranted ? 'active' : 'suspended'}`}>
            {t(isGranted ? 'data.isGranted' : 'data.isWithdrawn')}
          </span>
        </p>
        <p className="soft">
          {t('data.version', { version })} · <Time at={consent.time} form="minute" />
        </p>
      </div>
      <Button
        variant="default"
        size="xs"
        loading={change.isPending}
        onClick={onChange}
        aria-label={t(isGranted ? 'data.withdrawOne' : 'data.grantOne', { purpose })}
      >
        {t(isGranted ? 'data.withdraw' : 'data.grant')}
      </Button>
    </li>
  );
}
