import { createGatehouse, type Me, type SignInState } from '@gatehouse/browser';
import { useSyncExternalStore } from 'react';
import { usePlace } from './place.ts';
import { askStepUp } from './step-up.ts';

export const gatehouse = createGatehouse({
  client: 'console',
  tokenMode: 'cookie',
  onStepUp: askStepUp,
});

export function useSignInState(): SignInState {
  return useSyncExternalStore(gatehouse.subscribe, gatehouse.getState);
}

/** The signed-in person; `null` on the pages that may be read without signing in. */
export function useMe(): Me | null {
  const state = useSignInState();
  return state.status === 'signed-in' ? state.me : null;
}

/** Whether the person holds a permission at home. The server decides; this only keeps dead ends off the screen. */
export function useOwnMay(): (permission: string) => boolean {
  const me = useMe();
  return (permission) => me?.permissions.includes(permission) ?? false;
}

/** The same in the place that the tab shows: in a customer whoever may not act there only reads. */
export function useMay(): (permission: string) => boolean {
  const me = useMe();
  const may = useOwnMay();
  const isElsewhere = usePlace() !== null;
  const operate = me?.tenant.type === 'internal' ? 'tenants:operate' : 'customers:operate';
  return (permission) =>
    may(permission) &&
    (!isElsewhere || may(operate) || (operate === 'customers:operate' && permission.endsWith(':read')));
}
