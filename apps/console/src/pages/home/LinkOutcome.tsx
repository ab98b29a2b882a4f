import type { OwnIdentity } from '@gatehouse/contracts';
import { Alert } from '@mantine/core';
import { useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { hasText } from '../../text.ts';

/** What came of linking an account, for whoever has just come back from its provider; told once. */
export function LinkOutcome({ identities }: { identities: readonly OwnIdentity[] }) {
  const { t } = useTranslation();
  const { hash } = useLocation();
  const navigate = useNavigate();
  const [told] = useState(() => new URLSearchParams(hash));
  const box = useRef<HTMLDivElement>(null);
  const linked = told.get('linked');
  const code = told.get('not-linked');
  const isTold = linked !== null || code !== null;
  useEffect(() => {
    if (!isTold) return;
    // A page that is loaded again, or kept as a bookmark, has nothing to tell.
    void navigate({ to: '/', hash: '', replace: true, resetScroll: false }).then(() =>
      box.current?.scrollIntoView({ block: 'center' }),
    );
  }, [isTold, navigate]);
  if (!isTold) return null;
  // The address can be anybody's: only what is linked is said to be.
  const identity = identities.find(({ connectionId }) => connectionId === linked);
  if (linked !== null && identity === undefined) return null;
  const reason = `identities.refused.${(code ?? '').replace(/^auth\./, '')}`;
  return (
    <Alert
      ref={box}
      role="status"
      mt="md"
      {...(identity === undefined && { color: 'brick', title: t('identities.refusedTitle') })}
    >
      {identity
        ? t('identities.linked', { name: identity.name })
        : t(hasText(reason) ? reason : 'identities.refused.other')}
    </Alert>
  );
}
