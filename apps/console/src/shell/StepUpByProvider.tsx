import { ProblemError } from '@gatehouse/browser';
import { Alert, Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { leaveForProvider } from '../data/account/step-up.ts';
import { sayNotProved } from './StepUpOutcome.tsx';

/** Leads whoever has neither password nor second factor back to the identity provider that let them in. */
export function StepUpByProvider({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [failure, setFailure] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  async function go(): Promise<void> {
    setIsBusy(true);
    try {
      await leaveForProvider();
    } catch (error) {
      setFailure(sayNotProved(error instanceof ProblemError ? error.code : 'other'));
    }
  }
  // Asking again would be answered the same.
  const isOver = failure !== undefined;
  return (
    <div className="form">
      {isOver ? (
        <Alert color="brick" role="alert">
          {failure}
        </Alert>
      ) : (
        <p>{t('stepUp.byProvider.lead')}</p>
      )}
      <div className="form-end">
        <Button variant="default" onClick={onClose}>
          {t(isOver ? 'dialog.close' : 'dialog.cancel')}
        </Button>
        {!isOver && (
          <Button data-autofocus loading={isBusy} onClick={() => void go()}>
            {t('stepUp.byProvider.go')}
          </Button>
        )}
      </div>
    </div>
  );
}
