import { Burger, Button, Drawer } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useLocation } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useMe } from '../session.ts';
import { Brand } from './Brand.tsx';
import { Navigation } from './Navigation.tsx';
import { SchemeSwitch } from './SchemeSwitch.tsx';
import { PlaceBanner } from './PlaceBanner.tsx';
import { TenantSwitch } from './TenantSwitch.tsx';
import { UserMenu } from './UserMenu.tsx';

/** The page around each page: navigation beside it on wide screens, behind a button on narrow ones. */
export function Shell({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const me = useMe();
  const [opened, menu] = useDisclosure(false);
  const { pathname } = useLocation();
  const { close } = menu;
  useEffect(close, [pathname, close]);

  return (
    <div className="shell">
      <a className="skip" href="#main">
        {t('shell.skip')}
      </a>
      <nav className="bar" aria-label={t('shell.navigation')}>
        <Burger
          className="bar-burger"
          opened={opened}
          onClick={menu.open}
          aria-label={t('shell.openNavigation')}
          size="sm"
          color="var(--gh-night-ink)"
        />
        <Brand />
      </nav>
      <nav className="side" aria-label={t('shell.navigation')}>
        <Brand />
        <Navigation />
        <SchemeSwitch />
      </nav>
      <Drawer
        opened={opened}
        onClose={close}
        title={<Brand />}
        size="17rem"
        classNames={{ content: 'drawer', header: 'drawer', close: 'drawer-close' }}
      >
        <nav className="drawer-body" aria-label={t('shell.pages')}>
          <Navigation />
          <SchemeSwitch />
        </nav>
      </Drawer>
      <div className="page">
        <nav className="page-top" aria-label={t('shell.account')}>
          {me ? (
            <>
              <TenantSwitch me={me} />
              <UserMenu me={me} />
            </>
          ) : (
            <Button component="a" href="/signin?returnTo=%2Freference" variant="default" size="sm">
              {t('shell.signIn')}
            </Button>
          )}
        </nav>
        <main id="main" tabIndex={-1}>
          <PlaceBanner />
          {children}
          <div id="floating" />
        </main>
      </div>
    </div>
  );
}
