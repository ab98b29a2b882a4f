import type { SecondFactorProof } from '@gatehouse/browser';
import { Alert, Button, Modal, PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { askForPasskeyAgain, factorsQuery } from '../data/account/factors.ts';
import { sayProblem } from '../data/problem.ts';
import { answerWithPasskey, canUsePasskeys } from '../passkeys.ts';
import { gatehouse, useMe } from '../session.ts';
import { type AskedStepUp, useAskedStepUp } from '../step-up.ts';
import { StepUpByProvider } from './StepUpByProvider.tsx';

/** Asks for a second factor, for the password where there is none, or for the provider's word where that is missing too, before something that a borrowed session must not do. */
export function StepUp() {
  const { t } = useTranslation();
  const asked = useAskedStepUp();
  return (
    <Modal
      opened={asked !== null}
      onClose={() => asked?.answer(false)}
      title={t('stepUp.title')}
      // Above the dialog whose request waits, which stays when this one is left (step-up.ts).
      zIndex={400}
      closeOnEscape={false}
    >
      {asked && <Proof asked={asked} />}
    </Modal>
  );
}

type Way = 'passkey' | 'totp' | 'backup' | 'password';

function Proof({ asked }: { asked: AskedStepUp }) {
  const { t } = useTranslation();
  const me = useMe();
  const { data: own } = useQuery({ ...factorsQuery, staleTime: 0 });
  const [chosen, setChosen] = useState<Way>();
  const [failure, setFailure] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const form = useForm({ initialValues: { proof: '' } });
  const element = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // The link that was chosen is gone and the focus with it.
    if (chosen) element.current?.querySelector<HTMLElement>('[data-autofocus]')?.focus();
  }, [chosen]);
  if (!own) return <p role="status">{t('load.loading')}</p>;
  const hasFactor = own.factors.length > 0;
  if (!hasFactor && asked.acrValues !== '1') {
    const close = () => asked.answer(false);
    if (asked.acrValues === '2') return <DeadEnd says="stepUp.noFactor" onClose={close} />;
    return <StepUpByProvider onClose={close} />;
  }
  const holds = (kind: string) => own.factors.some((factor) => factor.kind === kind);
  const ways: Way[] = [
    ...(holds('passkey') && canUsePasskeys() ? (['passkey'] as const) : []),
    ...(holds('totp') ? (['totp'] as const) : []),
    ...(hasFactor && own.backupCodesLeft > 0 ? (['backup'] as const) : []),
    ...(hasFactor ? [] : (['password'] as const)),
  ];
  const way = chosen ?? ways[0];
  // A passkey that this browser cannot use, and nothing else.
  if (way === undefined) return <DeadEnd says="stepUp.noWay" onClose={() => asked.answer(false)} />;

  async function proofBy(typed: string): Promise<SecondFactorProof | { password: string }> {
    if (way === 'passkey') return { passkey: await answerWithPasskey(await askForPasskeyAgain()) };
    if (way === 'password') return { password: typed };
    return way === 'totp' ? { totpCode: typed.trim().replaceAll(' ', '') } : { backupCode: typed.trim() };
  }
  const submit = form.onSubmit(async ({ proof }) => {
    if (way !== 'passkey' && !proof) {
      form.setFieldError('proof', t('stepUp.missing'));
      form.getInputNode('proof')?.focus();
      return;
    }
    setIsBusy(true);
    setFailure(undefined);
    try {
      await gatehouse.stepUp(await proofBy(proof));
      asked.answer(true);
    } catch (error) {
      setFailure(sayProblem(error));
      setIsBusy(false);
      form.getInputNode('proof')?.focus();
    }
  });

  return (
    <form ref={element} onSubmit={submit} noValidate className="form">
      {failure && (
        <Alert color="brick" role="alert">
          {failure}
        </Alert>
      )}
      <p>{t(`stepUp.lead.${way}`)}</p>
      <input type="text" autoComplete="username" value={me?.user.email ?? ''} readOnly hidden />
      {way === 'password' && (
        <PasswordInput
          label={t('form.currentPassword')}
          autoComplete="current-password"
          data-autofocus
          visibilityToggleButtonProps={{ 'aria-label': t('form.showPassword') }}
          key={form.key('proof')}
          {...form.getInputProps('proof')}
        />
      )}
      {(way === 'totp' || way === 'backup') && (
        <TextInput
          label={t(`stepUp.${way}`)}
          autoComplete={way === 'totp' ? 'one-time-code' : 'off'}
          inputMode={way === 'totp' ? 'numeric' : 'text'}
          data-autofocus
          key={`${way} ${form.key('proof')}`}
          {...form.getInputProps('proof')}
        />
      )}
      {ways
        .filter((other) => other !== way)
        .map((other) => (
          <button
            key={other}
            type="button"
            className="link"
            onClick={() => {
              form.reset();
              setFailure(undefined);
              setChosen(other);
            }}
          >
            {t(`stepUp.use.${other}`)}
          </button>
        ))}
      <div className="form-end">
        <Button variant="default" onClick={() => asked.answer(false)}>
          {t('dialog.cancel')}
        </Button>
        <Button type="submit" loading={isBusy} data-autofocus={way === 'passkey' || undefined}>
          {t(way === 'passkey' ? 'stepUp.usePasskey' : 'stepUp.submit')}
        </Button>
      </div>
    </form>
  );
}

function DeadEnd({ says, onClose }: { says: 'stepUp.noFactor' | 'stepUp.noWay'; onClose: () => void }) {
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
