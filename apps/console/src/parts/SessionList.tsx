import type { Session } from '@gatehouse/contracts';
import { Button, Skeleton } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconDeviceDesktop, IconDeviceMobile } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { readDevice } from '../data/sessions/device.ts';
import { useEndSession } from '../data/sessions/mutations.ts';
import { sessionsQuery } from '../data/sessions/queries.ts';
import { LoadFailed } from './LoadFailed.tsx';
import { Time } from './Time.tsx';
import { refused } from './refused.ts';

/** Sessions: one's own with their end buttons, or another user's for who may see them. */
export function SessionList({ userId }: { userId?: string }) {
  const { t } = useTranslation();
  const { data, error, isPending, refetch } = useQuery(sessionsQuery(userId));
  if (error) return <LoadFailed error={error} retry={refetch} />;
  if (isPending) return <Skeleton height={72} aria-label={t('load.loading')} />;
  if (data.items.length === 0) return <p className="soft">{t('sessions.none')}</p>;
  return (
    <ul className="sessions">
      {data.items.map((session) => (
        <SessionItem key={session.id} session={session} isOwn={userId === undefined} />
      ))}
    </ul>
  );
}

function SessionItem({ session, isOwn }: { session: Session; isOwn: boolean }) {
  const { t } = useTranslation();
  const end = useEndSession();
  const device = readDevice(session.userAgent);
  const Icon = device.isMobile ? IconDeviceMobile : IconDeviceDesktop;
  const name = t(device.browser && device.system ? 'sessions.device' : 'sessions.deviceUnknown', {
    browser: device.browser ?? device.system ?? t('sessions.unknown'),
    system: device.system ?? '',
  });
  // By promise: the callbacks of `mutate` are dropped with this item, which leaves the list at once.
  const onEnd = (): void => {
    document.getElementById('sessions')?.focus();
    void end
      .mutateAsync(session)
      .then(() => notifications.show({ message: t('sessions.endedOne', { device: name }) }), refused);
  };

  return (
    <li>
      <Icon size={26} stroke={1.4} aria-hidden />
      <div>
        <p className="session-name">
          <span title={session.userAgent ?? undefined}>{name}</span>
          {session.current && <span className="status status-active">{t('sessions.current')}</span>}
        </p>
        <p className="soft">
          {session.ip ?? t('sessions.noAddress')} · {session.clientId} · {t('sessions.lastUsed')}{' '}
          <Time at={session.lastUsedAt} form="since" />
        </p>
      </div>
      {!session.current && isOwn && (
        <Button
          variant="default"
          size="xs"
          onClick={onEnd}
          aria-label={t('sessions.endOne', { device: name })}
        >
          {t('sessions.end')}
        </Button>
      )}
    </li>
  );
}
