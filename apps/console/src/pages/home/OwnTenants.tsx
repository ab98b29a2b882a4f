import type { Me } from '@gatehouse/browser';
import type { OwnTenant } from '@gatehouse/contracts';
import { Button, TextInput } from '@mantine/core';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { useLocation } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLeaveTenant, useSwitchTenant } from '../../data/tenants/mutations.ts';
import { ownTenantsQuery } from '../../data/tenants/queries.ts';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { Time } from '../../parts/Time.tsx';
import { refused } from '../../parts/refused.ts';

/** From so many on they are searched. */
const MANY = 8;

/** The organisations that one belongs to, and going from one to another. */
export function OwnTenants({ me }: { me: Me }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(ownTenantsQuery());
  const change = useSwitchTenant();
  const leave = useLeaveTenant();
  const [search, setSearch] = useState('');
  const { hash } = useLocation();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (hash === 'tenants') heading.current?.focus();
  }, [hash]);

  const tenants = data?.items ?? [];
  const wanted = search.trim().toLowerCase();
  const shown = tenants.filter(({ name }) => name.toLowerCase().includes(wanted));
  const switchTo = (tenantId: string): void => change.mutate(tenantId, { onError: refused });
  // By promise and not by the callbacks of `mutate`: those are dropped with this list, when it is left for home.
  const confirmLeave = (tenant: OwnTenant): string =>
    modals.openConfirmModal({
      title: t('tenants.leaveTitle', { name: tenant.name }),
      children: `${t('tenants.leaveText')} ${tenant.current ? t('tenants.leaveHere') : ''}`,
      labels: { confirm: t('tenants.leaveSubmit'), cancel: t('dialog.cancel') },
      confirmProps: { color: 'brick' },
      onConfirm: () =>
        void leave.mutateAsync({ tenant, home: me.user.tenantId }).then(() => {
          notifications.show({ message: t('tenants.left', { name: tenant.name }) });
          document.querySelector<HTMLElement>('#tenants')?.focus();
        }, refused),
    });

  return (
    <section className="card" aria-labelledby="tenants">
      <h2 id="tenants" ref={heading} tabIndex={-1}>
        {t('tenants.own')}
      </h2>
      <p className="soft">{t('tenants.ownLead')}</p>
      {error && <LoadFailed error={error} retry={refetch} />}
      {tenants.length > MANY && (
        <TextInput
          aria-label={t('tenants.search')}
          placeholder={t('tenants.search')}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <ul className="account">
        {shown.map((tenant) => (
          <li key={tenant.id}>
            <Membership tenant={tenant} />
            <div className="account-acts">
              {tenant.id !== me.tenant.id && tenant.status === 'active' && (
                <Button
                  variant="default"
                  loading={change.isPending && change.variables === tenant.id}
                  onClick={() => switchTo(tenant.id)}
                >
                  {t('tenants.go')}
                  <span className="unseen">: {tenant.name}</span>
                </Button>
              )}
              {!tenant.home && tenant.status === 'active' && (
                <Button variant="default" onClick={() => confirmLeave(tenant)}>
                  {t('tenants.leave')}
                  <span className="unseen">: {tenant.name}</span>
                </Button>
              )}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Membership({ tenant }: { tenant: OwnTenant }) {
  const { t } = useTranslation();
  return (
    <div>
      <h3>{tenant.name}</h3>
      <p className="account-value">
        <span className="soft">
          {tenant.home ? t('tenants.home') : t('tenants.guest')} · {t('tenants.since')}{' '}
          <Time at={tenant.memberSince} form="date" />
        </span>{' '}
        {tenant.current && <span className="status status-active">{t('tenants.current')}</span>}
        {tenant.status === 'suspended' && (
          <span className="status status-suspended">{t('tenants.status.suspended')}</span>
        )}
      </p>
    </div>
  );
}
