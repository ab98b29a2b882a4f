import type { OwnIdentity } from '@gatehouse/contracts';
import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useUnlink } from '../../data/connections/mutations.ts';
import { linkableQuery, ownIdentitiesQuery } from '../../data/connections/queries.ts';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { Time } from '../../parts/Time.tsx';
import { refused } from '../../parts/refused.ts';
import { ConnectIdentity } from './ConnectIdentity.tsx';
import { LinkOutcome } from './LinkOutcome.tsx';

/** The providers' accounts that enter one's own, and linking another; nothing where no provider is in service. */
export function OwnIdentities() {
  const { t } = useTranslation();
  const { data: own } = useQuery(ownIdentitiesQuery());
  const { data: linkable } = useQuery(linkableQuery());
  if (own === undefined || linkable === undefined) return null;
  if (own.items.length + linkable.items.length === 0) return null;
  return (
    <section className="card" aria-labelledby="identities">
      <div className="card-top">
        <div>
          <h2 id="identities" tabIndex={-1}>
            {t('identities.title')}
          </h2>
          <p>{t('identities.lead')}</p>
        </div>
        {linkable.items.length > 0 && <ConnectIdentity connections={linkable.items} />}
      </div>
      <LinkOutcome identities={own.items} />
      {own.items.length === 0 ? (
        <EmptyState title={t('identities.none')} text={t('identities.noneText')} />
      ) : (
        <ul className="account">
          {own.items.map((identity) => (
            <Linked key={identity.id} identity={identity} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Linked({ identity }: { identity: OwnIdentity }) {
  const { t } = useTranslation();
  const unlink = useUnlink();
  const { name } = identity;
  const takeOff = () =>
    unlink.mutateAsync(identity).then(() => {
      notifications.show({ message: t('identities.unlinked', { name }) });
      // The row is gone and the focus with it.
      document.querySelector<HTMLElement>('#identities')?.focus();
    }, refused);
  return (
    <li>
      <div>
        <p className="account-value">{name}</p>
        <p className="soft">
          {t('identities.since')} <Time at={identity.linkedAt} form="date" />
        </p>
      </div>
      <Button
        variant="default"
        aria-label={t('identities.unlinkOf', { name })}
        onClick={() => void takeOff()}
      >
        {t('identities.unlink')}
      </Button>
    </li>
  );
}
