import type { Me } from '@gatehouse/browser';
import { Menu } from '@mantine/core';
import { IconBuilding, IconChevronDown } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useSwitchTenant } from '../data/tenants/mutations.ts';
import { ownTenantsQuery } from '../data/tenants/queries.ts';
import { refused } from '../parts/refused.ts';

/** So many are offered here; all of them are on the home page. */
const OFFERED = 10;

/** The organisation that one works in, for whoever belongs to several, and the way to the others. */
export function TenantSwitch({ me }: { me: Me }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { data } = useQuery(ownTenantsQuery());
  const change = useSwitchTenant();
  const tenants = data?.items ?? [];
  if (tenants.length < 2) return null;

  const switchTo = (tenantId: string): void => {
    if (tenantId === me.tenant.id) return;
    change.mutate(tenantId, {
      onSuccess: () => void navigate({ to: '/' }),
      onError: refused,
    });
  };

  return (
    <Menu position="bottom-end" width={280}>
      <Menu.Target>
        <button type="button" className="who where" disabled={change.isPending}>
          <IconBuilding size={20} stroke={1.6} aria-hidden />
          <span className="who-name">{me.tenant.name}</span>
          <span className="unseen">{t('tenants.switch')}</span>
          <IconChevronDown size={16} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown aria-label={t('tenants.switch')}>
        <Menu.Label>{t('tenants.switch')}</Menu.Label>
        <Menu.RadioGroup value={me.tenant.id} onChange={switchTo}>
          {tenants.slice(0, OFFERED).map((tenant) => (
            <Menu.RadioItem
              key={tenant.id}
              value={tenant.id}
              disabled={tenant.status !== 'active'}
              closeMenuOnClick
            >
              <span className="choice">
                {tenant.name}
                {(tenant.home || tenant.status !== 'active') && (
                  <span className="soft">
                    {t(tenant.status === 'active' ? 'tenants.home' : 'tenants.status.suspended')}
                  </span>
                )}
              </span>
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        {tenants.length > OFFERED && (
          <>
            <Menu.Divider />
            <Menu.Item onClick={() => void navigate({ to: '/', hash: 'tenants' })}>
              {t('tenants.all')}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
