import type { User } from '@gatehouse/contracts';
import { useTranslation } from 'react-i18next';

export function UserStatuses({ user }: { user: User }) {
  const { t } = useTranslation();
  return (
    <span className="statuses">
      <span className={`status status-${user.status}`}>{t(`users.status.${user.status}`)}</span>
      {user.locked && <span className="status status-locked">{t('users.status.locked')}</span>}
    </span>
  );
}
