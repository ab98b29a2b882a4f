import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useUnlink } from '../../data/connections/mutations.ts';
import { ownIdentitiesQuery } from '../../data/connections/queries.ts';
import { Time } from '../../parts/Time.tsx';
import { refused } from '../../parts/refused.ts';

/** The providers' accounts that enter one's own; nothing where there are none. */
export function OwnIdentities() {
  const { t } = useTranslation();
  const { data } = useQuery(ownIdentitiesQuery());
  const unlink = useUnlink();
  if (data === undefined || data.items.length === 0) return null;
  return (
    <section className="card" aria-labelledby="identities">
      <h2 id="identities">{t('identities.title')}</h2>
      <ul className="consents">
        {data.items.map((identity) => (
          <li key={identity.id}>
            <div>
              <p className="account-value">{identity.name}</p>
              <p className="soft">
                {t('identities.since')} <Time at={identity.linkedAt} form="date" />
              </p>
            </div>
            <Button
              variant="default"
              size="xs"
              aria-label={t('identities.unlinkOf', { name: identity.name })}
              onClick={() =>
                void unlink
                  .mutateAsync(identity)
                  .then(
                    () => notifications.show({ message: t('identities.unlinked', { name: identity.name }) }),
                    refused,
                  )
              }
            >
              {t('identities.unlink')}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
