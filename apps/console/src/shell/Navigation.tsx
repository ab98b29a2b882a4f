import {
  IconBook2,
  IconBuilding,
  IconHome,
  IconListSearch,
  IconLogin2,
  IconMail,
  IconSettings,
  IconUsers,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay, useMe, useOwnMay } from '../session.ts';

const places = [
  { to: '/', text: 'nav.home', Icon: IconHome, permission: null },
  { to: '/users', text: 'nav.users', Icon: IconUsers, permission: 'users:read' },
  { to: '/invitations', text: 'nav.invitations', Icon: IconMail, permission: 'invitations:read' },
  { to: '/customers', text: 'nav.customers', Icon: IconBuilding, permission: 'customers:read' },
  { to: '/connections', text: 'nav.connections', Icon: IconLogin2, permission: 'connections:read' },
  { to: '/audit', text: 'nav.audit', Icon: IconListSearch, permission: 'audit:read' },
  { to: '/settings', text: 'nav.settings', Icon: IconSettings, permission: 'settings:read' },
  { to: '/reference', text: 'nav.reference', Icon: IconBook2, permission: null },
] as const;

const belowBy: Readonly<Record<string, string>> = { internal: 'tenants:read', partner: 'customers:read' };

/** Where one may go. What one may not see is not offered; the server refuses it in any case. */
export function Navigation() {
  const { t } = useTranslation();
  const me = useMe();
  const may = useMay();
  const mayAtHome = useOwnMay();
  // Whoever has organisations below theirs, wherever they are at the moment: the platform, and partners.
  const below = belowBy[me?.tenant.type ?? ''];
  const isOffered = ({ to, permission }: (typeof places)[number]): boolean => {
    if (to === '/customers') return below !== undefined && mayAtHome(below);
    return permission ? may(permission) : Boolean(me) || to === '/reference';
  };
  const textOf = ({ to, text }: (typeof places)[number]): string =>
    to === '/customers' && me?.tenant.type === 'internal' ? 'nav.organisations' : text;
  return (
    <ul className="nav">
      {places.filter(isOffered).map((place) => (
        <li key={place.to}>
          <Link to={place.to} activeOptions={{ exact: place.to === '/', includeSearch: false }}>
            <place.Icon size={20} stroke={1.6} aria-hidden />
            {t(textOf(place))}
          </Link>
        </li>
      ))}
    </ul>
  );
}
