import { Button, Modal } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMe } from '../session.ts';
import { hasText, t as say } from '../text.ts';

const RECENT_MS = 600_000;

/** Why a proof by the identity provider did not do, and what will. */
export function sayNotProved(code: string): string {
  const key = `stepUp.notProved.${code.replace(/^(?:auth|resource)\./, '')}`;
  return say(hasText(key) ? key : 'stepUp.notProved.other');
}

/** What came of a proof by the identity provider, for whoever has just come back from there; told once. */
export function StepUpOutcome() {
  const { t } = useTranslation();
  const me = useMe();
  const { hash } = useLocation();
  const navigate = useNavigate();
  const [told] = useState(() => new URLSearchParams(hash));
  const [isClosed, setIsClosed] = useState(false);
  const code = told.get('not-proved');
  const isProved = told.has('proved');
  useEffect(() => {
    // Once: the navigation takes the fragment away.
    if (me === null || hash === '' || (code === null && !isProved)) return;
    // The address can be anybody's: only what is so is said.
    if (code === null && Date.now() - Date.parse(me.session.authTime ?? '') < RECENT_MS)
      notifications.show({ id: 'step-up', message: t('stepUp.byProvider.done') });
    // A page that is loaded again has nothing to tell.
    void navigate({ to: '.', search: true, hash: '', replace: true, resetScroll: false });
  }, [me, hash, code, isProved, navigate, t]);
  const close = () => setIsClosed(true);
  return (
    <Modal
      opened={me !== null && code !== null && !isClosed}
      onClose={close}
      title={t('stepUp.notProved.title')}
    >
      <div className="form">
        <p>{sayNotProved(code ?? 'other')}</p>
        <div className="form-end">
          <Button data-autofocus onClick={close}>
            {t('dialog.close')}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
