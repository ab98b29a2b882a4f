import type { User } from '@gatehouse/contracts';
import { Button } from '@mantine/core';
import { DataTable, type DataTableSortStatus } from 'mantine-datatable';
import { useTranslation } from 'react-i18next';
import type { UserFilter } from '../../data/users/queries.ts';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { Initials } from '../../parts/Initials.tsx';
import { UserStatuses } from '../../parts/Statuses.tsx';
import { Time } from '../../parts/Time.tsx';
import { type UserDialog, UserMenu } from './UserMenu.tsx';

interface UserTableProps {
  readonly users: User[];
  readonly filter: UserFilter;
  readonly isLoading: boolean;
  readonly onSort: (sort: string) => void;
  readonly onDialog: (dialog: UserDialog, user: User) => void;
  readonly onAdd: (() => void) | undefined;
}

const wide = '(min-width: 64em)';
const medium = '(min-width: 40em)';

export function UserTable({ users, filter, isLoading, onSort, onDialog, onAdd }: UserTableProps) {
  const { t } = useTranslation();
  if (!isLoading && users.length === 0) {
    const filtered = Boolean(filter.search || filter.status);
    return (
      <EmptyState
        title={t(filtered ? 'users.noneFound' : 'users.none')}
        text={t(filtered ? 'users.noneFoundText' : 'users.noneText')}
      >
        {!filtered && onAdd && <Button onClick={onAdd}>{t('users.add')}</Button>}
      </EmptyState>
    );
  }
  return (
    <DataTable<User>
      records={users}
      fetching={isLoading}
      minHeight={isLoading ? 240 : 0}
      verticalSpacing="sm"
      horizontalSpacing="md"
      sortStatus={readSort(filter.sort)}
      onSortStatusChange={({ columnAccessor, direction }) =>
        onSort(direction === 'desc' ? `-${String(columnAccessor)}` : String(columnAccessor))
      }
      columns={[
        {
          accessor: 'name',
          title: t('users.column.person'),
          sortable: true,
          render: (user) => <Person user={user} />,
        },
        {
          accessor: 'status',
          title: t('users.column.status'),
          render: (user) => <UserStatuses user={user} />,
          visibleMediaQuery: medium,
        },
        {
          accessor: 'roles',
          title: t('users.column.roles'),
          render: (user) => <Roles roles={user.roles} />,
          visibleMediaQuery: medium,
        },
        {
          accessor: 'lastLoginAt',
          title: t('users.column.lastLogin'),
          render: ({ lastLoginAt }) =>
            lastLoginAt ? (
              <Time at={lastLoginAt} form="since" />
            ) : (
              <span className="soft">{t('users.never')}</span>
            ),
          visibleMediaQuery: wide,
          noWrap: true,
        },
        {
          accessor: 'createdAt',
          title: t('users.column.added'),
          sortable: true,
          render: ({ createdAt }) => <Time at={createdAt} form="date" />,
          visibleMediaQuery: wide,
          noWrap: true,
        },
        {
          accessor: 'actions',
          title: <span className="unseen">{t('users.column.actions')}</span>,
          textAlign: 'right',
          width: 64,
          render: (user) => <UserMenu user={user} onDialog={(dialog) => onDialog(dialog, user)} />,
        },
      ]}
    />
  );
}

function readSort(sort = 'name'): DataTableSortStatus<User> {
  return sort.startsWith('-')
    ? { columnAccessor: sort.slice(1), direction: 'desc' }
    : { columnAccessor: sort, direction: 'asc' };
}

function Person({ user }: { user: User }) {
  return (
    <div className="person">
      <Initials name={user.name} />
      <div>
        <span className="person-name">{user.name}</span>
        <span className="soft">{user.email}</span>
        <span className="narrow-only">
          <UserStatuses user={user} />
        </span>
      </div>
    </div>
  );
}

function Roles({ roles }: { roles: readonly string[] }) {
  const { t } = useTranslation();
  if (roles.length === 0) return <span className="soft">{t('users.noRoles')}</span>;
  const [first, second, ...more] = roles;
  return (
    <ul className="chips" title={roles.join(', ')}>
      <li>{first}</li>
      {second && <li>{second}</li>}
      {more.length > 0 && <li>{t('users.moreRoles', { count: more.length })}</li>}
    </ul>
  );
}
