import { Alert, Button, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useAddTotp, useBeginTotp } from '../../data/account/factors.ts';
import { sayProblem } from '../../data/problem.ts';

interface Props {
  readonly onDone: (backupCodes: readonly string[]) => void;
  readonly onCancel: () => void;
}

/** Shows a secret as QR code and text, and adds it when a code of it comes back. */
export function AddAuthenticator({ onDone, onCancel }: Props) {
  const { t } = useTranslation();
  const { mutateAsync: begin, data: begun, error: notBegun } = useBeginTotp();
  const add = useAddTotp();
  const asked = useRef(false);
  const element = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (asked.current) return;
    asked.current = true;
    // Whoever does not prove once more who they are is not left before an empty dialog.
    begin().catch(() => undefined);
  }, [begin]);
  const form = useForm({
    initialValues: { code: '', label: '' },
    validate: { code: (value) => (/^\d{6}$/.test(value.replaceAll(' ', '')) ? null : t('factors.codeForm')) },
  });
  useEffect(() => {
    // The dialog looked for a field to focus before it had one.
    if (begun) element.current?.querySelector<HTMLElement>('[data-autofocus]')?.focus();
  }, [begun]);
  const error = notBegun ?? add.error;
  const submit = form.onSubmit(
    ({ code, label }) => {
      if (!begun) return;
      const confirmation = {
        enrolmentToken: begun.enrolment_token,
        totpCode: code.replaceAll(' ', ''),
        ...(label.trim() && { label: label.trim() }),
      };
      add.mutate(confirmation, {
        onSuccess: ({ backupCodes }) => onDone(backupCodes),
        onError: () => form.getInputNode('code')?.focus(),
      });
    },
    () => form.getInputNode('code')?.focus(),
  );

  return (
    <form ref={element} onSubmit={submit} noValidate className="form">
      {error && (
        <Alert color="brick" role="alert">
          {sayProblem(error)}
        </Alert>
      )}
      {!begun && !notBegun && <p role="status">{t('load.loading')}</p>}
      {begun && (
        <>
          <p>{t('factors.scan')}</p>
          <div className="secret">
            <svg viewBox={`0 0 ${begun.qr.size} ${begun.qr.size}`} role="img" aria-label={t('factors.qr')}>
              {/* Always dark on light, or cameras do not see it. */}
              <path fill="#fff" d={`M0 0h${begun.qr.size}v${begun.qr.size}H0z`} />
              <path fill="#000" d={begun.qr.path} />
            </svg>
            <p className="soft">
              {t('factors.byHand')} <code>{begun.secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}</code>
            </p>
          </div>
          <TextInput
            label={t('factors.code')}
            description={t('factors.codeHint')}
            autoComplete="one-time-code"
            inputMode="numeric"
            data-autofocus
            key={form.key('code')}
            {...form.getInputProps('code')}
          />
          <TextInput
            label={t('factors.label')}
            description={t('factors.labelHint')}
            maxLength={60}
            key={form.key('label')}
            {...form.getInputProps('label')}
          />
        </>
      )}
      <div className="form-end">
        <Button variant="default" onClick={onCancel}>
          {t('dialog.cancel')}
        </Button>
        {begun && (
          <Button type="submit" loading={add.isPending}>
            {t('factors.addSubmit')}
          </Button>
        )}
      </div>
    </form>
  );
}
