import { createGatehouse, type Me, type SignInState } from '@gatehouse/browser';
import { useSyncExternalStore } from 'react';

export const gatehouse = createGatehouse({ client: 'console', tokenMode: 'cookie' });

export function useSignInState(): SignInState {
  return useSyncExternalStore(gatehouse.subscribe, gatehouse.getState);
}

/** The signed-in person; `null` on the pages that may be read without signing in. */
export function useMe(): Me | null {
  const state = useSignInState();
  return state.status === 'signed-in' ? state.me : null;
}

/** Whether the person holds a permission. The server decides; this only keeps dead ends off the screen. */
export function useMay(): (permission: string) => boolean {
  const me = useMe();
  return (permission) => me?.permissions.includes(permission) ?? false;
}
