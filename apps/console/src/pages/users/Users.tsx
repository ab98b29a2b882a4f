import type { User } from '@gatehouse/contracts';
import { Button, Modal } from '@mantine/core';
import { IconUserPlus } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { usersQuery } from '../../data/users/queries.ts';
import { ListFilters } from '../../parts/ListFilters.tsx';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { LoadMore } from '../../parts/LoadMore.tsx';
import { NotPermitted } from '../../parts/NotPermitted.tsx';
import { PageHeader } from '../../parts/PageHeader.tsx';
import { useDialog } from '../../parts/useDialog.ts';
import { useMay } from '../../session.ts';
import { AddUser } from './AddUser.tsx';
import { EditRoles } from './EditRoles.tsx';
import { EraseUser } from './EraseUser.tsx';
import { ExportUser } from './ExportUser.tsx';
import { RenameUser } from './RenameUser.tsx';
import type { UserDialog } from './UserMenu.tsx';
import { UserSessions } from './UserSessions.tsx';
import { UserTable } from './UserTable.tsx';

type Opened =
  | { readonly dialog: UserDialog; readonly user: User }
  | { readonly dialog: 'add'; readonly user?: undefined };

export function Users() {
  const { t } = useTranslation();
  const may = useMay();
  const filter = useSearch({ from: '/users' });
  const navigate = useNavigate({ from: '/users' });
  const users = useInfiniteQuery({ ...usersQuery(filter), enabled: may('users:read') });
  const { shown, isOpen, open, close } = useDialog<Opened>();

  if (!may('users:read')) return <NotPermitted permission="users:read" />;
  const records = users.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageHeader title={t('users.title')} lead={t('users.lead')}>
        {may('users:create') && (
          <Button
            leftSection={<IconUserPlus size={18} stroke={1.8} aria-hidden />}
            onClick={() => open({ dialog: 'add' })}
          >
            {t('users.add')}
          </Button>
        )}
      </PageHeader>
      <section className="card flush" aria-label={t('users.title')}>
        <ListFilters
          label={t('users.search')}
          statuses={['active', 'invited', 'suspended']}
          filter={filter}
          onChange={(change) => void navigate({ search: { ...filter, ...change }, replace: true })}
        />
        {users.error ? (
          <LoadFailed error={users.error} retry={users.refetch} />
        ) : (
          <UserTable
            users={records}
            filter={filter}
            isLoading={users.isPending}
            onSort={(sort) => void navigate({ search: { ...filter, sort }, replace: true })}
            onDialog={(dialog, user) => open({ dialog, user })}
            onAdd={may('users:create') ? () => open({ dialog: 'add' }) : undefined}
          />
        )}
        <LoadMore list={users} />
      </section>
      <Modal
        opened={isOpen}
        onClose={close}
        title={shown && t(`users.dialog.${shown.dialog}`, { name: shown.user?.name ?? '' })}
        size="lg"
      >
        {shown?.dialog === 'add' && <AddUser onDone={close} />}
        {shown?.dialog === 'rename' && <RenameUser user={shown.user} onDone={close} />}
        {shown?.dialog === 'roles' && <EditRoles user={shown.user} onDone={close} />}
        {shown?.dialog === 'export' && <ExportUser user={shown.user} onDone={close} />}
        {shown?.dialog === 'erase' && <EraseUser user={shown.user} onDone={close} />}
        {shown?.dialog === 'sessions' && <UserSessions user={shown.user} onDone={close} />}
      </Modal>
    </>
  );
}
