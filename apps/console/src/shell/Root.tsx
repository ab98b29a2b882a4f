import { Outlet, useLocation } from '@tanstack/react-router';
import { useEffect } from 'react';
import { usePlace } from '../place.ts';
import { useSignInState } from '../session.ts';
import { StepUpOutcome } from './StepUpOutcome.tsx';
import { Shell } from './Shell.tsx';
import { Unreachable } from './Unreachable.tsx';

/** The documentation may be read by everyone; everything else is for the signed-in. */
const openPaths = new Set(['/reference']);

export function Root() {
  const state = useSignInState();
  const place = usePlace();
  const { pathname, href } = useLocation();
  const isOpen = openPaths.has(pathname);

  const mustLeave = state.status === 'signed-out' && !isOpen;
  useEffect(() => {
    if (!mustLeave) return;
    if (state.reason === 'signed-out') return location.replace('/signed-out');
    const search = new URLSearchParams({ returnTo: href });
    if (state.reason === 'expired') search.set('reason', 'expired');
    location.replace(`/signin?${search}`);
  }, [mustLeave, state, href]);

  if (state.status === 'unreachable' && !isOpen) return <Unreachable retryAt={state.retryAt} />;
  const isReady = state.status === 'signed-in' || isOpen;
  // In another organisation every page begins anew, in each tab.
  const where = `${state.status === 'signed-in' ? state.me.tenant.id : ''} ${place?.id ?? ''}`;
  return (
    <Shell key={where}>
      {isReady && <Outlet />}
      <StepUpOutcome />
    </Shell>
  );
}
