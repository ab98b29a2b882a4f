import type { User } from '@gatehouse/contracts';
import { Alert, Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { sayProblem } from '../../data/problem.ts';
import { useEndUserSessions } from '../../data/sessions/mutations.ts';
import { sessionsQuery } from '../../data/sessions/queries.ts';
import { SessionList } from '../../parts/SessionList.tsx';
import { useMay } from '../../session.ts';

export function UserSessions({ user, onDone }: { user: User; onDone: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const { data } = useQuery(sessionsQuery(user.id));
  const end = useEndUserSessions(user.id);
  const endAll = (): void =>
    end.mutate(undefined, {
      onSuccess: ({ ended }) => {
        onDone();
        notifications.show({ message: t('sessions.ended', { count: ended }) });
      },
    });

  return (
    <div className="form">
      {end.error && (
        <Alert color="brick" role="alert">
          {sayProblem(end.error)}
        </Alert>
      )}
      <SessionList userId={user.id} />
      <div className="form-end">
        <Button variant="default" onClick={onDone}>
          {t('dialog.close')}
        </Button>
        {may('sessions:end') && data !== undefined && data.items.length > 0 && (
          <Button color="brick" onClick={endAll} loading={end.isPending}>
            {t('sessions.endAllOf', { name: user.name })}
          </Button>
        )}
      </div>
    </div>
  );
}
