import type { SecondFactorProof } from '@gatehouse/browser';
import { Alert, Button, Modal, PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { factorsQuery } from '../data/account/factors.ts';
import { sayProblem } from '../data/problem.ts';
import { gatehouse, useMe } from '../session.ts';
import { type AskedStepUp, useAskedStepUp } from '../step-up.ts';

/** Asks for a second factor, or for the password where there is none, before something that a borrowed session must not do. */
export function StepUp() {
  const { t } = useTranslation();
  const asked = useAskedStepUp();
  return (
    <Modal
      opened={asked !== null}
      onClose={() => asked?.answer(false)}
      title={t('stepUp.title')}
      // Above the dialog whose request waits.
      zIndex={400}
    >
      {asked && <Proof asked={asked} />}
    </Modal>
  );
}

type Way = 'totp' | 'backup' | 'password';

function Proof({ asked }: { asked: AskedStepUp }) {
  const { t } = useTranslation();
  const me = useMe();
  const { data: own } = useQuery({ ...factorsQuery, staleTime: 0 });
  const [chosen, setChosen] = useState<Way>();
  const [failure, setFailure] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const form = useForm({
    initialValues: { proof: '' },
    validate: { proof: (value) => (value ? null : t('stepUp.missing')) },
  });
  if (!own) return <p role="status">{t('load.loading')}</p>;
  const hasFactor = own.factors.length > 0;
  if (!hasFactor && asked.acrValues !== '1') {
    const says = asked.acrValues === '2' ? 'stepUp.noFactor' : 'stepUp.signInAgain';
    return <DeadEnd says={says} onClose={() => asked.answer(false)} />;
  }
  const way: Way = hasFactor ? (chosen ?? 'totp') : 'password';

  const submit = form.onSubmit(async ({ proof }) => {
    const typed = proof.trim();
    const proofs: Record<Way, SecondFactorProof | { password: string }> = {
      totp: { totpCode: typed.replaceAll(' ', '') },
      backup: { backupCode: typed },
      password: { password: proof },
    };
    setIsBusy(true);
    setFailure(undefined);
    try {
      await gatehouse.stepUp(proofs[way]);
      asked.answer(true);
    } catch (error) {
      setFailure(sayProblem(error));
      setIsBusy(false);
      form.getInputNode('proof')?.focus();
    }
  });

  return (
    <form onSubmit={submit} noValidate className="form">
      {failure && (
        <Alert color="brick" role="alert">
          {failure}
        </Alert>
      )}
      <p>{t(`stepUp.lead.${way}`)}</p>
      <input type="text" autoComplete="username" value={me?.user.email ?? ''} readOnly hidden />
      {way === 'password' ? (
        <PasswordInput
          label={t('form.currentPassword')}
          autoComplete="current-password"
          data-autofocus
          visibilityToggleButtonProps={{ 'aria-label': t('form.showPassword') }}
          key={form.key('proof')}
          {...form.getInputProps('proof')}
        />
      ) : (
        <TextInput
          label={t(`stepUp.${way}`)}
          autoComplete={way === 'totp' ? 'one-time-code' : 'off'}
          inputMode={way === 'totp' ? 'numeric' : 'text'}
          data-autofocus
          key={`${way} ${form.key('proof')}`}
          {...form.getInputProps('proof')}
        />
      )}
      {hasFactor && own.backupCodesLeft > 0 && (
        <button
          type="button"
          className="link"
          onClick={() => {
            form.reset();
            setChosen(way === 'totp' ? 'backup' : 'totp');
          }}
        >
          {t(way === 'totp' ? 'stepUp.useBackup' : 'stepUp.useApp')}
        </button>
      )}
      <div className="form-end">
        <Button variant="default" onClick={() => asked.answer(false)}>
          {t('dialog.cancel')}
        </Button>
        <Button type="submit" loading={isBusy}>
          {t('stepUp.submit')}
        </Button>
      </div>
    </form>
  );
}

function DeadEnd({ says, onClose }: { says: 'stepUp.noFactor' | 'stepUp.signInAgain'; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="form">
      <p>{t(says)}</p>
      <div className="form-end">
        <Button data-autofocus onClick={onClose}>
          {t('dialog.close')}
        </Button>
      </div>
    </div>
  );
}
