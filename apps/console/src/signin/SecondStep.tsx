/** @jsxImportSource preact */
import type { SecondFactorDue, SignInProgress } from '@gatehouse/browser';
import { useLayoutEffect, useState } from 'preact/hooks';
import { Enrolment } from './Enrolment.tsx';
import { Check, Field } from './fields.tsx';
import { Form } from './Form.tsx';
import { Heading } from './Frame.tsx';
import { gatehouse } from './server.ts';
import { t } from './text.ts';

interface Props {
  /** What the first factor was answered with. */
  readonly progress: Exclude<SignInProgress, { status: 'signed-in' }>;
  readonly onSignedIn: () => void | Promise<void>;
  readonly onStartOver: () => void;
}

/** What comes after the first factor, wherever somebody signs in. */
export function SecondStep({ progress, onSignedIn, onStartOver }: Props) {
  useLayoutEffect(() => {
    // In the place of the form that was just sent: a screen reader has to be told.
    if (progress.status === 'enrolment') document.querySelector<HTMLElement>('h1')?.focus();
  }, [progress.status]);
  return (
    <>
      {progress.status === 'second-factor' ? (
        <SecondFactor due={progress} onSignedIn={onSignedIn} />
      ) : (
        <Enrolment sessionToken={progress.sessionToken} onDone={onSignedIn} />
      )}
      <div class="after">
        <p>
          <button type="button" class="link" onClick={onStartOver}>
            {t('second.startOver')}
          </button>
        </p>
      </div>
    </>
  );
}

function SecondFactor({ due, onSignedIn }: { due: SecondFactorDue; onSignedIn: Props['onSignedIn'] }) {
  const hasApp = due.factors.includes('totp');
  const [byApp, setByApp] = useState(hasApp);
  const name = byApp ? 'totp_code' : 'backup_code';

  async function send(values: Readonly<Record<string, string>>): Promise<void> {
    const code = values[name] ?? '';
    const proof = byApp ? { totpCode: code.replaceAll(' ', '') } : { backupCode: code };
    await gatehouse.verifySecondFactor(due.sessionToken, proof, { rememberDevice: values.remember === 'on' });
    await onSignedIn();
  }

  return (
    <>
      <Heading title={t('second.title')} lead={t(byApp ? 'second.leadApp' : 'second.leadBackup')} />
      <Form key={name} submit={t('second.submit')} submitting={t('second.submitting')} send={send}>
        {({ fields }) => (
          <>
            {byApp ? (
              <Field
                name={name}
                label={t('second.code')}
                hint={t('second.codeHint')}
                autocomplete="one-time-code"
                digits
                error={fields[name]}
                autofocus
              />
            ) : (
              <Field
                name={name}
                label={t('second.backupCode')}
                hint={t('second.backupHint')}
                autocomplete="off"
                error={fields[name]}
                autofocus
              />
            )}
            {due.rememberDays > 0 && (
              <Check name="remember" label={t('second.remember', { days: String(due.rememberDays) })} />
            )}
          </>
        )}
      </Form>
      {hasApp && due.factors.includes('backup_code') && (
        <div class="after">
          <p>
            {t(byApp ? 'second.noApp' : 'second.haveApp')}{' '}
            <button type="button" class="link" onClick={() => setByApp(!byApp)}>
              {t(byApp ? 'second.useBackup' : 'second.useApp')}
            </button>
          </p>
        </div>
      )}
    </>
  );
}
