import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBuildingPlus } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type TenantFilter, tenantsQuery } from '../../data/tenants/queries.ts';
import { ListFilters } from '../../parts/ListFilters.tsx';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { LoadMore } from '../../parts/LoadMore.tsx';
import { NotPermitted } from '../../parts/NotPermitted.tsx';
import { PageHeader } from '../../parts/PageHeader.tsx';
import { useMe, useOwnMay } from '../../session.ts';
import { CustomerTable } from './CustomerTable.tsx';
import { OpenCustomer } from './OpenCustomer.tsx';

/** The organisations below one's own: a partner's customers; for the platform, all. */
export function Customers() {
  const { t } = useTranslation();
  const me = useMe();
  const may = useOwnMay();
  const [filter, setFilter] = useState<TenantFilter>({});
  const [isOpen, dialog] = useDisclosure(false);
  const permission = me?.tenant.type === 'internal' ? 'tenants:read' : 'customers:read';
  const tenants = useInfiniteQuery({ ...tenantsQuery(filter), enabled: may(permission) });
  if (!may(permission)) return <NotPermitted permission={permission} />;

  const words = me?.tenant.type === 'internal' ? 'organisations' : 'customers';
  const mayOpen = may('tenants:create') || (me?.tenant.type === 'partner' && may('customers:create'));
  // The list begins with one's own.
  const below = (tenants.data?.pages ?? [])
    .flatMap((page) => page.items)
    .filter((tenant) => tenant.id !== me?.tenant.id);
  return (
    <>
      <PageHeader title={t(`${words}.title`)} lead={t(`${words}.lead`)}>
        {mayOpen && (
          <Button leftSection={<IconBuildingPlus size={18} stroke={1.8} aria-hidden />} onClick={dialog.open}>
            {t(`${words}.open`)}
          </Button>
        )}
      </PageHeader>
      <section className="card flush" aria-label={t(`${words}.title`)}>
        <ListFilters
          label={t('customers.search')}
          statuses={['active', 'suspended']}
          filter={filter}
          onChange={(change) => setFilter((now) => ({ ...now, ...change }))}
        />
        {tenants.error ? (
          <LoadFailed error={tenants.error} retry={tenants.refetch} />
        ) : (
          <CustomerTable
            tenants={below}
            words={words}
            isLoading={tenants.isPending}
            isFiltered={Boolean(filter.search || filter.status)}
            onOpen={mayOpen ? dialog.open : undefined}
          />
        )}
        <LoadMore list={tenants} />
      </section>
      <Modal opened={isOpen} onClose={dialog.close} title={t(`${words}.open`)}>
        <OpenCustomer words={words} onDone={dialog.close} />
      </Modal>
    </>
  );
}
