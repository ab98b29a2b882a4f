import type { Tenant } from '@gatehouse/contracts';
import { ActionIcon, Menu } from '@mantine/core';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import { IconDots } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { type TenantAction, useTenantAction } from '../../data/tenants/mutations.ts';
import { refused } from '../../parts/refused.ts';
import { goInto } from '../../place.ts';
import { useMe, useOwnMay } from '../../session.ts';

/** What may be done with a customer: go in, suspend, let in again. */
export function CustomerMenu({ tenant }: { tenant: Tenant }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useOwnMay();
  const me = useMe();
  const act = useTenantAction();
  const group = me?.tenant.type === 'internal' ? 'tenants' : 'customers';

  const run = (action: TenantAction): void =>
    void act
      .mutateAsync({ tenant, action })
      .then(
        () => notifications.show({ message: t(`customers.done.${action}`, { name: tenant.name }) }),
        refused,
      );

  const suspend = (): string =>
    modals.openConfirmModal({
      title: t('customers.suspend.title', { name: tenant.name }),
      children: t('customers.suspend.text'),
      labels: { confirm: t('customers.suspend.confirm'), cancel: t('dialog.cancel') },
      confirmProps: { color: 'brick' },
      onConfirm: () => run('suspend'),
    });

  const enter = (): void => {
    goInto({ id: tenant.id, name: tenant.name });
    void navigate({ to: '/users' });
  };

  const mayEnter = may(`${group}:operate`) || (group === 'customers' && may('customers:read'));
  const maySuspend = may(`${group}:suspend`);
  if (!mayEnter && !maySuspend) return null;
  return (
    <Menu position="bottom-end" width={210}>
      <Menu.Target>
        <ActionIcon variant="subtle" size="lg" aria-label={t('users.menu', { name: tenant.name })}>
          <IconDots size={20} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {mayEnter && <Menu.Item onClick={enter}>{t('customers.enter')}</Menu.Item>}
        {maySuspend && tenant.status === 'active' && (
          <Menu.Item className="dangerous" onClick={suspend}>
            {t('customers.suspendItem')}
          </Menu.Item>
        )}
        {maySuspend && tenant.status === 'suspended' && (
          <Menu.Item onClick={() => run('activate')}>{t('customers.activate')}</Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
