import type { Activity } from '@gatehouse/contracts';
import { Skeleton } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { activityQuery } from '../../data/account/activity.ts';
import { readDevice } from '../../data/sessions/device.ts';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { LoadMore } from '../../parts/LoadMore.tsx';
import { Time } from '../../parts/Time.tsx';

/** What happened to one's account, so that one notices what one did not do oneself. */
export function OwnActivity() {
  const { t } = useTranslation();
  const list = useInfiniteQuery(activityQuery);
  const { data, error, isPending, refetch } = list;
  const items = data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className="card" aria-labelledby="activity">
      <div className="card-top">
        <div>
          <h2 id="activity">{t('activity.title')}</h2>
          <p>{t('activity.lead')}</p>
        </div>
      </div>
      {error && <LoadFailed error={error} retry={refetch} />}
      {isPending && <Skeleton height={72} aria-label={t('load.loading')} />}
      {data && items.length === 0 && <p className="soft">{t('activity.none')}</p>}
      <ul className="activity">
        {items.map((activity) => (
          <ActivityItem key={activity.id} activity={activity} />
        ))}
      </ul>
      <LoadMore list={list} />
    </section>
  );
}

function ActivityItem({ activity }: { activity: Activity }) {
  const { t } = useTranslation();
  const { action, by, ip, userAgent } = activity;
  const { browser, system } = readDevice(userAgent);
  const where = [ip, [browser, system].filter(Boolean).join(', ')].filter(Boolean).join(' · ');
  return (
    <li>
      <p>
        {t(`audit.action.${action}`, { defaultValue: action })}
        {by !== 'you' && <span className={`activity-by ${by}`}>{t(`activity.by.${by}`)}</span>}
      </p>
      <p className="soft" title={userAgent ?? undefined}>
        <Time at={activity.time} form="minute" />
        {where && ` · ${where}`}
      </p>
    </li>
  );
}
