import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { settingsQuery } from '../../data/settings/queries.ts';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { NotPermitted } from '../../parts/NotPermitted.tsx';
import { PageHeader } from '../../parts/PageHeader.tsx';
import { usePlace } from '../../place.ts';
import { useMay, useMe } from '../../session.ts';
import { Branding } from './Branding.tsx';
import { MfaRules } from './MfaRules.tsx';
import { Plan } from './Plan.tsx';
import { Region } from './Region.tsx';
import { SignInRules } from './SignInRules.tsx';

/** What the tenant sets for itself, and what the platform grants it. */
export function Settings() {
  const { t } = useTranslation();
  const me = useMe();
  const may = useMay();
  const mayRead = may('settings:read');
  const place = usePlace() ?? me?.tenant;
  const settings = useQuery({ ...settingsQuery(place?.id ?? ''), enabled: mayRead });
  const [readings, setReadings] = useState(0);
  if (!place) return null;
  if (!mayRead) return <NotPermitted permission="settings:read" />;
  const readAgain = (): void => void settings.refetch().then(() => setReadings((count) => count + 1));
  const props = settings.data && { now: settings.data, locked: !may('settings:update'), readAgain };
  return (
    <>
      <PageHeader title={t('settings.title')} lead={t('settings.lead', { tenant: place.name })} />
      {settings.error && !props && <LoadFailed error={settings.error} retry={settings.refetch} />}
      {settings.isPending && (
        <Skeleton height={320} radius={12} aria-label={t('load.loading')} role="status" />
      )}
      {props && (
        <div className="settings-sections" key={readings}>
          <Branding {...props} />
          <Region {...props} />
          <SignInRules {...props} />
          <MfaRules {...props} />
          <Plan now={props.now} />
        </div>
      )}
    </>
  );
}
