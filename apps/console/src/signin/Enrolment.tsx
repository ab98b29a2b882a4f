/** @jsxImportSource preact */
import type { NewTotp } from '@gatehouse/browser';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { canUsePasskeys, makePasskey } from '../passkeys.ts';
import { type Failure, readFailure } from './failure.ts';
import { Field } from './fields.tsx';
import { Form } from './Form.tsx';
import { Heading, Notice } from './Frame.tsx';
import { gatehouse } from './server.ts';
import { t } from './text.ts';

interface Props {
  readonly sessionToken: string;
  readonly onDone: () => void | Promise<void>;
}

/** A second factor has to be added before anything else; then the backup codes are shown, this once. */
export function Enrolment({ sessionToken, onDone }: Props) {
  const [byPasskey, setByPasskey] = useState(canUsePasskeys);
  const [codes, setCodes] = useState<readonly string[]>();
  useLayoutEffect(() => document.querySelector<HTMLElement>('h1')?.focus(), [byPasskey]);
  if (codes) return <BackupCodes codes={codes} onDone={onDone} />;
  const other = (label: 'enrol.byApp' | 'enrol.byPasskey') => (
    <div class="after">
      <p>
        <button type="button" class="link" onClick={() => setByPasskey(!byPasskey)}>
          {t(label)}
        </button>
      </p>
    </div>
  );
  if (byPasskey) {
    const send = async (): Promise<void> => {
      const passkey = await makePasskey(await gatehouse.beginPasskeyEnrolment(sessionToken));
      setCodes((await gatehouse.completePasskeyEnrolment(sessionToken, { passkey })).backupCodes);
    };
    return (
      <>
        <Heading title={t('enrol.title')} lead={t('enrol.lead')} />
        <p>{t('enrol.passkey')}</p>
        <Form submit={t('enrol.make')} submitting={t('passkey.waiting')} send={send}>
          {() => null}
        </Form>
        {other('enrol.byApp')}
      </>
    );
  }
  return (
    <>
      <Heading title={t('enrol.title')} lead={t('enrol.lead')} />
      <ByApp sessionToken={sessionToken} onDone={setCodes} />
      {canUsePasskeys() && other('enrol.byPasskey')}
    </>
  );
}

function ByApp({
  sessionToken,
  onDone,
}: {
  sessionToken: string;
  onDone: (codes: readonly string[]) => void;
}) {
  const [begun, setBegun] = useState<NewTotp>();
  const [failure, setFailure] = useState<Failure>();

  useEffect(() => {
    gatehouse.beginEnrolment(sessionToken).then(setBegun, (error: unknown) => setFailure(readFailure(error)));
  }, [sessionToken]);

  return (
    <>
      {failure && <Notice kind="care">{failure.message}</Notice>}
      {!begun && !failure && <p role="status">{t('loading')}</p>}
      {begun && (
        <Form
          submit={t('enrol.submit')}
          submitting={t('enrol.submitting')}
          send={async ({ totp_code: code = '' }) => {
            const { enrolment_token: enrolmentToken } = begun;
            const totpCode = code.replaceAll(' ', '');
            const { backupCodes } = await gatehouse.completeEnrolment(sessionToken, {
              enrolmentToken,
              totpCode,
            });
            onDone(backupCodes);
          }}
        >
          {({ fields }) => (
            <>
              <ol class="steps">
                <li>{t('enrol.install')}</li>
                <li>
                  {t('enrol.scan')}
                  <Secret totp={begun} />
                </li>
                <li>{t('enrol.type')}</li>
              </ol>
              <Field
                name="totp_code"
                label={t('second.code')}
                autocomplete="one-time-code"
                digits
                error={fields.totp_code}
              />
            </>
          )}
        </Form>
      )}
    </>
  );
}

/** The secret as a picture and as text; always dark on light, or cameras do not see it. */
function Secret({ totp: { qr, secret, otpauth_uri: uri } }: { totp: NewTotp }) {
  return (
    <div class="secret">
      <svg viewBox={`0 0 ${qr.size} ${qr.size}`} role="img" aria-label={t('enrol.qr')}>
        <path fill="#fff" d={`M0 0h${qr.size}v${qr.size}H0z`} />
        <path fill="#000" d={qr.path} />
      </svg>
      <p>
        {t('enrol.byHand')} <code>{secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}</code>
      </p>
      <p>
        <a href={uri}>{t('enrol.open')}</a>
      </p>
    </div>
  );
}

/** The codes that come with a first factor, this once. */
export function BackupCodes({ codes, onDone }: { codes: readonly string[]; onDone: Props['onDone'] }) {
  const [copied, setCopied] = useState(false);
  useLayoutEffect(() => document.querySelector<HTMLElement>('h1')?.focus(), []);
  const copy = (): void =>
    void navigator.clipboard.writeText(codes.join('\n')).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <>
      <Heading title={t('codes.title')} lead={t('codes.lead')} />
      <ul class="codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <p>
        <button type="button" class="link" onClick={copy}>
          {t(copied ? 'codes.copied' : 'codes.copy')}
        </button>
      </p>
      <Form submit={t('codes.submit')} submitting={t('loading')} send={async () => onDone()}>
        {() => null}
      </Form>
    </>
  );
}
