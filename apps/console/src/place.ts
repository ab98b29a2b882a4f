import { useSyncExternalStore } from 'react';
import { queryClient } from './data/queryClient.ts';

/** The organisation below one's own whose pages this tab shows. */
export interface Place {
  readonly id: string;
  readonly name: string;
}

const STORED = 'gatehouse-place';
const listeners = new Set<() => void>();
let place: Place | null = read();

/** Of this tab alone, and kept over a reload: two tabs may look at two customers. */
function read(): Place | null {
  try {
    const { id, name } = JSON.parse(sessionStorage.getItem(STORED) ?? 'null') as Record<string, unknown>;
    return typeof id === 'string' && /^[0-9a-f-]{36}$/.test(id) && typeof name === 'string'
      ? { id, name }
      : null;
  } catch {
    return null;
  }
}

export const getPlace = (): Place | null => place;

/** Goes into a customer, or with `null` back to one's own organisation. What was loaded is of the place before. */
export function goInto(next: Place | null): void {
  if (next?.id === place?.id) return;
  place = next;
  if (next) sessionStorage.setItem(STORED, JSON.stringify(next));
  else sessionStorage.removeItem(STORED);
  queryClient.clear();
  for (const listener of listeners) listener();
}

export const usePlace = (): Place | null =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, getPlace);

/** Things of an organisation: the API serves them for one's own, and for each one below it. */
const OF_A_TENANT =
  /^\/api\/v1\/(?=(?:users|roles|role-assignments|memberships|invitations|clients|connections|domains|audit)(?:[/?]|$))/;

/** The path of the same thing in the place where one is. */
export const inPlace = (path: string): string =>
  place ? path.replace(OF_A_TENANT, `/api/v1/tenants/${place.id}/`) : path;
