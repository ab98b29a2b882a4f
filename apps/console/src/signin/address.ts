/**
 * Where to go after signing in, from the `returnTo` parameter.
 *
 * SECURITY: an open redirect would let a stranger's link end on a stranger's page right after a real sign-in. Only a
 * path of this origin is taken, judged twice: as written (`//host`, backslashes and control characters are how browsers
 * are talked into another host) and as the browser resolves it. The whole address is handed on and not the path, since
 * `/.//host` resolves to the path `//host`.
 */
export function returnAddress(value: string | null, origin: string): string {
  const home = `${origin}/`;
  if (!value || !/^\/(?!\/)/.test(value) || hasTrick(value)) return home;
  const url = URL.canParse(value, origin) ? new URL(value, origin) : null;
  return url?.origin === origin && url.href.startsWith(home) ? url.href : home;
}

function hasTrick(value: string): boolean {
  return [...value].some((char) => char === '\\' || char < ' ' || (char >= '\u007f' && char <= '\u009f'));
}

/**
 * Takes the single-use token out of the fragment and out of the address at once.
 *
 * SECURITY: a fragment never reaches a server or a referrer; removed from the address it does not stay in the history,
 * in a screenshot or under the eyes of an extension that reads addresses either.
 */
export function takeToken(): string | null {
  if (!location.hash) return null;
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get('token');
  keepLink(fragment.get('link') ?? pendingLink());
  history.replaceState(history.state, '', location.pathname + location.search);
  return token;
}

/**
 * Whose branding a page wears, as a query for the server: of the tenant or client that the address names, else of the tenant that
 * a mailed link is of, whose id its token begins with. Nothing is decided by it.
 */
export function shownFor(address: URLSearchParams, token: string | null): string {
  const head = /^([A-Za-z0-9_-]{22})\./.exec(token ?? '')?.[1];
  const bytes = head && atob(head.replaceAll('-', '+').replaceAll('_', '/'));
  const hex = [...(bytes || '')].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  const named: Record<string, string | null> = {
    client: address.get('client'),
    tenant: address.get('tenant') ?? hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  };
  // What is no name is left out: the page is shown all the same.
  const wanted = Object.entries(named).filter(([, value]) =>
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(value ?? ''),
  );
  return wanted.length === 0 ? '' : `?${new URLSearchParams(wanted as [string, string][])}`;
}

const KEPT = 'gatehouse-invitation';

/**
 * Keeps the token of an invitation while one goes somewhere to sign in, and comes back to its page; in this tab, and in no address.
 * Without one it is forgotten.
 */
export function keepInvitation(token: string | null): void {
  if (token === null) sessionStorage.removeItem(KEPT);
  else sessionStorage.setItem(KEPT, token);
}

/** The invitation that one comes back to. */
export const keptInvitation = (): string | null =>
  location.pathname === '/invitation' ? sessionStorage.getItem(KEPT) : null;

const KEPT_LINK = 'gatehouse-link';

/** Keeps the token of a provider's account that waits for its owner's word, in this tab; without one it is forgotten. */
export function keepLink(token: string | null): void {
  if (token === null) sessionStorage.removeItem(KEPT_LINK);
  else sessionStorage.setItem(KEPT_LINK, token);
}

/** What waits for whoever came from an identity provider, and signs in as before, by whichever way. */
export const pendingLink = (): string | null => sessionStorage.getItem(KEPT_LINK);

/** Goes on to where the person wanted to go. */
export const leave = (): void => location.replace(returnAddress(query().get('returnTo'), location.origin));

/** What every way in ends in here: where something waits for the person's word, they are asked first. */
export function goOn(): void {
  if (pendingLink() === null) leave();
  else navigate(`/signin/link${location.search}`);
}

const listeners = new Set<() => void>();

/** Goes to another of these pages without loading it anew. */
export function navigate(path: string, state: unknown = null): void {
  history.pushState(state, '', path);
  for (const listener of listeners) listener();
}

export function onNavigate(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener('popstate', listener);
  return () => {
    listeners.delete(listener);
    removeEventListener('popstate', listener);
  };
}

export const query = (): URLSearchParams => new URLSearchParams(location.search);
