import type { Tenant } from '@gatehouse/contracts';
import { Button } from '@mantine/core';
import { DataTable } from 'mantine-datatable';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { Time } from '../../parts/Time.tsx';
import { CustomerMenu } from './CustomerMenu.tsx';

interface CustomerTableProps {
  readonly tenants: Tenant[];
  readonly words: 'customers' | 'organisations';
  readonly isLoading: boolean;
  readonly isFiltered: boolean;
  readonly onOpen: (() => void) | undefined;
}

export function CustomerTable({ tenants, words, isLoading, isFiltered, onOpen }: CustomerTableProps) {
  const { t } = useTranslation();
  if (!isLoading && tenants.length === 0)
    return (
      <EmptyState
        title={t(isFiltered ? 'customers.noneFound' : `${words}.none`)}
        text={t(isFiltered ? 'customers.noneFoundText' : `${words}.noneText`)}
      >
        {!isFiltered && onOpen && <Button onClick={onOpen}>{t(`${words}.open`)}</Button>}
      </EmptyState>
    );
  return (
    <DataTable<Tenant>
      records={tenants}
      fetching={isLoading}
      minHeight={isLoading ? 240 : 0}
      verticalSpacing="sm"
      horizontalSpacing="md"
      columns={[
        {
          accessor: 'name',
          title: t('customers.column.name'),
          render: (tenant) => (
            <div>
              <span className="person-name">{tenant.name}</span>
              <span className="narrow-only">
                <Status tenant={tenant} />
              </span>
            </div>
          ),
        },
        {
          accessor: 'type',
          title: t('customers.column.type'),
          render: ({ type }) => t(`tenants.type.${type}`),
          visibleMediaQuery: '(min-width: 64em)',
        },
        {
          accessor: 'status',
          title: t('users.column.status'),
          render: (tenant) => <Status tenant={tenant} />,
          visibleMediaQuery: '(min-width: 40em)',
        },
        {
          accessor: 'createdAt',
          title: t('customers.column.since'),
          render: ({ createdAt }) => <Time at={createdAt} form="date" />,
          visibleMediaQuery: '(min-width: 64em)',
          noWrap: true,
        },
        {
          accessor: 'actions',
          title: <span className="unseen">{t('users.column.actions')}</span>,
          textAlign: 'right',
          width: 64,
          render: (tenant) => <CustomerMenu tenant={tenant} />,
        },
      ]}
    />
  );
}

function Status({ tenant }: { tenant: Tenant }) {
  const { t } = useTranslation();
  return <span className={`status status-${tenant.status}`}>{t(`users.status.${tenant.status}`)}</span>;
}
