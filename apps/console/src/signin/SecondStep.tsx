/** @jsxImportSource preact */
import type { SecondFactorDue, SecondFactorProof, SignInProgress } from '@gatehouse/browser';
import { useLayoutEffect, useState } from 'preact/hooks';
import { answerWithPasskey, canUsePasskeys } from '../passkeys.ts';
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

const WAYS = ['passkey', 'totp', 'backup_code'] as const;
type Way = (typeof WAYS)[number];

function SecondFactor({ due, onSignedIn }: { due: SecondFactorDue; onSignedIn: Props['onSignedIn'] }) {
  const ways = WAYS.filter((way) => due.factors.includes(way) && (way !== 'passkey' || canUsePasskeys()));
  const [way, setWay] = useState<Way>(ways[0] ?? 'backup_code');
  useLayoutEffect(() => {
    // In the place of what was there before, and without a field to put the focus into.
    if (way === 'passkey') document.querySelector<HTMLElement>('h1')?.focus();
  }, [way]);

  async function proofOf(values: Readonly<Record<string, string>>): Promise<SecondFactorProof> {
    if (way === 'passkey')
      return { passkey: await answerWithPasskey(await gatehouse.askForPasskey(due.sessionToken)) };
    const code = values[way === 'totp' ? 'totp_code' : way] ?? '';
    return way === 'totp' ? { totpCode: code.replaceAll(' ', '') } : { backupCode: code };
  }
  async function send(values: Readonly<Record<string, string>>): Promise<void> {
    const proof = await proofOf(values);
    await gatehouse.verifySecondFactor(due.sessionToken, proof, { rememberDevice: values.remember === 'on' });
    await onSignedIn();
  }
  const submit = way === 'passkey' ? 'passkey.use' : 'second.submit';

  return (
    <>
      <Heading title={t('second.title')} lead={t(`second.lead.${way}`)} />
      <Form
        key={way}
        submit={t(submit)}
        submitting={t(way === 'passkey' ? 'passkey.waiting' : 'second.submitting')}
        send={send}
      >
        {({ fields }) => (
          <>
            {way === 'totp' && (
              <Field
                name="totp_code"
                label={t('second.code')}
                hint={t('second.codeHint')}
                autocomplete="one-time-code"
                digits
                error={fields.totp_code}
                autofocus
              />
            )}
            {way === 'backup_code' && (
              <Field
                name="backup_code"
                label={t('second.backupCode')}
                hint={t('second.backupHint')}
                autocomplete="off"
                error={fields.backup_code}
                autofocus
              />
            )}
            {due.rememberDays > 0 && (
              <Check name="remember" label={t('second.remember', { days: String(due.rememberDays) })} />
            )}
          </>
        )}
      </Form>
      {ways.length > 1 && (
        <div class="after">
          {ways
            .filter((other) => other !== way)
            .map((other) => (
              <p key={other}>
                <button type="button" class="link" onClick={() => setWay(other)}>
                  {t(`second.use.${other}`)}
                </button>
              </p>
            ))}
        </div>
      )}
    </>
  );
}
