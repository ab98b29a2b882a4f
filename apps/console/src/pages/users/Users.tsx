import type { User } from '@gatehouse/contracts';
import { Button, Modal } from '@mantine/core';
import { IconUserPlus } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usersQuery } from '../../data/users/queries.ts';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { NotPermitted } from '../../parts/NotPermitted.tsx';
import { PageHeader } from '../../parts/PageHeader.tsx';
import { useMay } from '../../session.ts';
import { AddUser } from './AddUser.tsx';
import { EditRoles } from './EditRoles.tsx';
import { RenameUser } from './RenameUser.tsx';
import type { UserDialog } from './UserMenu.tsx';
import { UserFilters } from './UserFilters.tsx';
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
  const [opened, setOpened] = useState<Opened>();
  const [isOpen, setIsOpen] = useState(false);

  const open = (next: Opened): void => {
    setOpened(next);
    setIsOpen(true);
  };
  const close = (): void => setIsOpen(false);

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
        <UserFilters
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
        {users.hasNextPage && (
          <Button
            className="more"
            variant="default"
            loading={users.isFetchingNextPage}
            onClick={() => void users.fetchNextPage()}
          >
            {t('load.more')}
          </Button>
        )}
      </section>
      <Modal
        opened={isOpen}
        onClose={close}
        title={opened && t(`users.dialog.${opened.dialog}`, { name: opened.user?.name ?? '' })}
        size="lg"
      >
        {opened?.dialog === 'add' && <AddUser onDone={close} />}
        {opened?.dialog === 'rename' && <RenameUser user={opened.user} onDone={close} />}
        {opened?.dialog === 'roles' && <EditRoles user={opened.user} onDone={close} />}
        {opened?.dialog === 'sessions' && <UserSessions user={opened.user} onDone={close} />}
      </Modal>
    </>
  );
}
