import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { Home } from './pages/home/Home.tsx';
import { NotFound } from './pages/NotFound.tsx';
import { auditSearch, usersSearch } from './search.ts';
import { Root } from './shell/Root.tsx';

const root = createRootRoute({ component: Root, notFoundComponent: NotFound });

const home = createRoute({ getParentRoute: () => root, path: '/', component: Home });

const sessions = createRoute({
  getParentRoute: () => root,
  path: '/sessions',
  beforeLoad: () => {
    redirect({ to: '/', hash: 'sessions', throw: true });
  },
});

export const usersRoute = createRoute({
  getParentRoute: () => root,
  path: '/users',
  validateSearch: usersSearch,
  component: lazyRouteComponent(() => import('./pages/users/Users.tsx'), 'Users'),
});

export const auditRoute = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import('./pages/audit/Audit.tsx'), 'Audit'),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./pages/settings/Settings.tsx'), 'Settings'),
});

const reference = createRoute({
  getParentRoute: () => root,
  path: '/reference',
  component: lazyRouteComponent(() => import('./pages/reference/Reference.tsx'), 'Reference'),
});

const invitations = createRoute({
  getParentRoute: () => root,
  path: '/invitations',
  component: lazyRouteComponent(() => import('./pages/invitations/Invitations.tsx'), 'Invitations'),
});

const customers = createRoute({
  getParentRoute: () => root,
  path: '/customers',
  component: lazyRouteComponent(() => import('./pages/customers/Customers.tsx'), 'Customers'),
});

const connections = createRoute({
  getParentRoute: () => root,
  path: '/connections',
  component: lazyRouteComponent(() => import('./pages/connections/Connections.tsx'), 'Connections'),
});

const connectionTrial = createRoute({
  getParentRoute: () => root,
  path: '/connections/$id/trial',
  component: lazyRouteComponent(() => import('./pages/connections/Trial.tsx'), 'Trial'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    sessions,
    usersRoute,
    invitations,
    customers,
    connections,
    connectionTrial,
    auditRoute,
    settings,
    reference,
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
