import { IconBook2, IconHome, IconListSearch, IconSettings, IconUsers } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay, useMe } from '../session.ts';

const places = [
  { to: '/', text: 'nav.home', Icon: IconHome, permission: null },
  { to: '/users', text: 'nav.users', Icon: IconUsers, permission: 'users:read' },
  { to: '/audit', text: 'nav.audit', Icon: IconListSearch, permission: 'audit:read' },
  { to: '/settings', text: 'nav.settings', Icon: IconSettings, permission: 'settings:read' },
  { to: '/reference', text: 'nav.reference', Icon: IconBook2, permission: null },
] as const;

/** Where one may go. What one may not see is not offered; the server refuses it in any case. */
export function Navigation() {
  const { t } = useTranslation();
  const me = useMe();
  const may = useMay();
  return (
    <ul className="nav">
      {places
        .filter(({ to, permission }) => (permission ? may(permission) : me || to === '/reference'))
        .map(({ to, text, Icon }) => (
          <li key={to}>
            <Link to={to} activeOptions={{ exact: to === '/', includeSearch: false }}>
              <Icon size={20} stroke={1.6} aria-hidden />
              {t(text)}
            </Link>
          </li>
        ))}
    </ul>
  );
}
