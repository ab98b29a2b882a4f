import type { User } from '@gatehouse/contracts';
import { ActionIcon, Button, Menu } from '@mantine/core';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import { IconDots } from '@tabler/icons-react';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useDeleteUser, useUserAction, type UserAction } from '../../data/users/mutations.ts';
import { refused } from '../../parts/refused.ts';
import { useMay, useMe } from '../../session.ts';

export type UserDialog = 'rename' | 'roles' | 'sessions' | 'export' | 'erase';

/** What may be done with a user: only what the person may do and what makes sense in the user's state. */
export function UserMenu({ user, onDialog }: { user: User; onDialog: (dialog: UserDialog) => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const trigger = useRef<HTMLButtonElement>(null);
  const isSelf = useMe()?.user.id === user.id;
  const act = useUserAction();
  const remove = useDeleteUser();

  // By promise and not by the callbacks of `mutate`: those are dropped when the row leaves the list meanwhile, as a
  // suspended user does where only active ones are shown.
  const run = (action: UserAction): void =>
    void act.mutateAsync({ user, action }).then(() => tell(action), refused);

  function tell(action: UserAction): void {
    const id = `${action}-${user.id}`;
    const undo = (): void => {
      notifications.hide(id);
      run('activate');
    };
    notifications.show({
      id,
      autoClose: action === 'suspend' ? 10_000 : 5_000,
      message: (
        <span className="told">
          {t(`users.done.${action}`, { name: user.name })}
          {action === 'suspend' && (
            <Button size="compact-sm" variant="default" onClick={undo}>
              {t('users.undo')}
            </Button>
          )}
        </span>
      ),
    });
  }

  const confirmDelete = (): string =>
    modals.openConfirmModal({
      title: t('users.delete.title', { name: user.name }),
      children: t('users.delete.text', { email: user.email }),
      labels: { confirm: t('users.delete.confirm'), cancel: t('dialog.cancel') },
      confirmProps: { color: 'brick' },
      onConfirm: () => void remove.mutateAsync(user).then(tellDeleted, refused),
    });

  const confirmReset = (): string =>
    modals.openConfirmModal({
      title: t('users.reset.title', { name: user.name }),
      children: t('users.reset.text'),
      labels: { confirm: t('users.reset.confirm'), cancel: t('dialog.cancel') },
      confirmProps: { color: 'brick' },
      onConfirm: () => run('reset-factors'),
    });

  function tellDeleted(): void {
    notifications.show({ message: t('users.delete.done', { name: user.name }) });
    // The row is gone and the focus with it.
    document.querySelector<HTMLElement>('h1')?.focus();
  }

  /** A dialog gives the focus back to where it was when it opened, and the item of a closed menu is gone by then. */
  const fromTrigger = (open: () => void) => (): void => {
    trigger.current?.focus();
    open();
  };

  const mayRename = may('users:update');
  const mayAssign = may('roles:assign') && may('roles:read');
  const mayReset = may('users:reset_factors') && !isSelf && user.status !== 'invited';
  const maySuspend = may('users:suspend') && !isSelf;
  const mayDelete = may('users:delete') && !isSelf;
  const mayExport = may('personal_data:export') && !isSelf;
  const mayErase = may('personal_data:erase') && !isSelf;

  return (
    <Menu position="bottom-end" width={210}>
      <Menu.Target>
        <ActionIcon
          ref={trigger}
          variant="subtle"
          size="lg"
          aria-label={t('users.menu', { name: user.name })}
        >
          <IconDots size={20} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {mayAssign && (
          <Menu.Item onClick={fromTrigger(() => onDialog('roles'))}>{t('users.action.roles')}</Menu.Item>
        )}
        {mayRename && (
          <Menu.Item onClick={fromTrigger(() => onDialog('rename'))}>{t('users.action.rename')}</Menu.Item>
        )}
        {may('sessions:read') && (
          <Menu.Item onClick={fromTrigger(() => onDialog('sessions'))}>
            {t('users.action.sessions')}
          </Menu.Item>
        )}
        {user.status === 'invited' && may('users:create') && (
          <Menu.Item onClick={() => run('resend-link')}>{t('users.action.resendLink')}</Menu.Item>
        )}
        {user.locked && may('users:unlock') && (
          <Menu.Item onClick={() => run('unlock')}>{t('users.action.unlock')}</Menu.Item>
        )}
        {mayReset && (
          <Menu.Item onClick={fromTrigger(confirmReset)}>{t('users.action.resetFactors')}</Menu.Item>
        )}
        {maySuspend && (
          <Menu.Item onClick={() => run(user.status === 'suspended' ? 'activate' : 'suspend')}>
            {t(user.status === 'suspended' ? 'users.action.activate' : 'users.action.suspend')}
          </Menu.Item>
        )}
        {mayExport && (
          <Menu.Item onClick={fromTrigger(() => onDialog('export'))}>{t('users.action.export')}</Menu.Item>
        )}
        {(mayDelete || mayErase) && <Menu.Divider />}
        {mayDelete && (
          <Menu.Item className="dangerous" onClick={fromTrigger(confirmDelete)}>
            {t('users.action.delete')}
          </Menu.Item>
        )}
        {mayErase && (
          <Menu.Item className="dangerous" onClick={fromTrigger(() => onDialog('erase'))}>
            {t('users.action.erase')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
