import { Button } from '@mantine/core';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { useLocation } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useEndOtherSessions } from '../../data/sessions/mutations.ts';
import { sessionsQuery } from '../../data/sessions/queries.ts';
import { SessionList } from '../../parts/SessionList.tsx';
import { refused } from '../../parts/refused.ts';

export function OwnSessions() {
  const { t } = useTranslation();
  const { data } = useQuery(sessionsQuery());
  const endOthers = useEndOtherSessions();
  const others = data?.items.filter((session) => !session.current).length ?? 0;
  const { hash } = useLocation();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (hash === 'sessions') heading.current?.focus();
  }, [hash]);

  const confirm = (): string =>
    modals.openConfirmModal({
      title: t('sessions.endOthersTitle'),
      children: t('sessions.endOthersText', { count: others }),
      labels: { confirm: t('sessions.endOthers'), cancel: t('dialog.cancel') },
      confirmProps: { color: 'brick' },
      onConfirm: () =>
        endOthers.mutate(undefined, {
          onSuccess: ({ ended }) => notifications.show({ message: t('sessions.ended', { count: ended }) }),
          onError: refused,
        }),
    });

  return (
    <section className="card" aria-labelledby="sessions">
      <div className="card-top">
        <div>
          <h2 id="sessions" ref={heading} tabIndex={-1}>
            {t('sessions.title')}
          </h2>
          <p>{t('sessions.lead')}</p>
        </div>
        {others > 0 && (
          <Button variant="default" onClick={confirm} loading={endOthers.isPending}>
            {t('sessions.endOthers')}
          </Button>
        )}
      </div>
      <SessionList />
    </section>
  );
}
