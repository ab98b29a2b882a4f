import type { Me } from '@gatehouse/browser';
import { Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconChevronDown, IconDevices, IconLogout } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { sayProblem } from '../data/problem.ts';
import { Initials } from '../parts/Initials.tsx';
import { gatehouse } from '../session.ts';

export function UserMenu({ me }: { me: Me }) {
  const { t } = useTranslation();
  const navigate = useNavigate();

  async function signOut(): Promise<void> {
    try {
      await gatehouse.signOut();
    } catch (error) {
      // Still signed in, and it must not look otherwise.
      notifications.show({ color: 'brick', title: t('shell.signOutFailed'), message: sayProblem(error) });
    }
  }

  return (
    <Menu position="bottom-end" width={260}>
      <Menu.Target>
        <button type="button" className="who">
          <Initials name={me.user.name} />
          <span className="who-name">{me.user.name}</span>
          <span className="unseen">{t('shell.userMenu')}</span>
          <IconChevronDown size={16} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.user.email}
          <br />
          {me.tenant.name}
        </Menu.Label>
        <Menu.Item
          leftSection={<IconDevices size={18} stroke={1.6} aria-hidden />}
          onClick={() => void navigate({ to: '/', hash: 'sessions' })}
        >
          {t('shell.yourSessions')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconLogout size={18} stroke={1.6} aria-hidden />}
          onClick={() => void signOut()}
        >
          {t('shell.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
