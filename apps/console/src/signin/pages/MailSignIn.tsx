/** @jsxImportSource preact */
import type { SignInProgress } from '@gatehouse/browser';
import type { MailSignInLink } from '@gatehouse/contracts';
import { useEffect, useState } from 'preact/hooks';
import { goOn, navigate, query } from '../address.ts';
import type { PageProps } from '../App.tsx';
import { type Failure, readFailure } from '../failure.ts';
import { Field } from '../fields.tsx';
import { Form } from '../Form.tsx';
import { Heading, Notice, PageLink } from '../Frame.tsx';
import { MailSent } from '../MailSent.tsx';
import { SecondStep } from '../SecondStep.tsx';
import { gatehouse, post, ProblemError } from '../server.ts';
import { t } from '../text.ts';
import { IncompleteLink } from './IncompleteLink.tsx';

type Waiting = Exclude<SignInProgress, { status: 'signed-in' }>;

function Back() {
  return (
    <p>
      <PageLink to={`/signin${location.search}`}>{t('mail.otherWay')}</PageLink>
    </p>
  );
}

/** Asks for a link or a code. Says the same whether there is an account or not: the server answers so, too. */
export function MailSignIn({ options }: PageProps) {
  const method = query().get('method') === 'code' ? 'code' : 'link';
  const [sentTo, setSentTo] = useState<string>();
  const [waiting, setWaiting] = useState<Waiting>();
  const again = (): void => setSentTo(undefined);
  if (waiting)
    return <SecondStep progress={waiting} onSignedIn={goOn} onStartOver={() => setWaiting(undefined)} />;
  if (sentTo === undefined)
    return (
      <>
        <Heading title={t(`mail.${method}Title`)} lead={t(`mail.${method}Lead`)} />
        <Form
          submit={t(`mail.${method}Submit`)}
          submitting={t('forgot.submitting')}
          send={async ({ email = '' }) => {
            await post('/api/v1/auth/mail-sign-in', { email, method });
            setSentTo(email);
          }}
        >
          {({ fields }) => (
            <Field
              name="email"
              type="email"
              label={t('field.email')}
              autocomplete="username"
              error={fields.email}
              autofocus
            />
          )}
        </Form>
        <div class="after">
          <Back />
        </div>
      </>
    );
  return (
    <MailSent
      title={t('mail.sentTitle')}
      lead={t(`mail.${method}Sent`, { email: sentTo })}
      notArrived={t('forgot.notArrived')}
      devMailUrl={options?.devMailUrl}
      onAgain={again}
      form={method === 'code' && <CodeForm email={sentTo} onWaiting={setWaiting} />}
    >
      <Back />
    </MailSent>
  );
}

function CodeForm({ email, onWaiting }: { email: string; onWaiting: (waiting: Waiting) => void }) {
  return (
    <Form
      submit={t('signin.submit')}
      submitting={t('signin.submitting')}
      send={async ({ code = '' }) => {
        try {
          const progress = await gatehouse.signInByMail({ email, code: code.replaceAll(/\s/g, '') });
          if (progress.status === 'signed-in') goOn();
          else onWaiting(progress);
        } catch (error) {
          if (!(error instanceof ProblemError) || error.code !== 'auth.account_locked') throw error;
          const until = error.retryAfter === null ? null : Date.now() + error.retryAfter * 1000;
          navigate(`/locked${location.search}`, { until });
        }
      }}
    >
      {({ fields }) => (
        <Field name="code" label={t('mail.code')} autocomplete="one-time-code" digits error={fields.code} />
      )}
    </Form>
  );
}

async function enter(token: string, elsewhere: boolean): Promise<Waiting | undefined> {
  const progress = await gatehouse.signInByMail({ token, elsewhere });
  if (progress.status !== 'signed-in') return progress;
  goOn();
  return undefined;
}

/** Signs in by the link from a mail: at once in the browser that asked, and elsewhere when the person says so. */
export function MailLink({ token }: PageProps) {
  const [found, setFound] = useState<MailSignInLink>();
  const [failure, setFailure] = useState<Failure>();
  const [waiting, setWaiting] = useState<Waiting>();
  useEffect(() => {
    if (!token) return;
    const open = async (): Promise<void> => {
      const link = (await post('/api/v1/auth/mail-sign-in/open', { token })) as MailSignInLink;
      if (link.here) setWaiting(await enter(token, false));
      else setFound(link);
    };
    open().catch((error: unknown) => setFailure(readFailure(error)));
  }, [token]);
  if (!token) return <IncompleteLink />;
  if (waiting)
    return <SecondStep progress={waiting} onSignedIn={goOn} onStartOver={() => navigate('/signin')} />;
  if (failure)
    return (
      <>
        <Heading title={t('mail.title')} />
        <Notice kind="care">{failure.message}</Notice>
        <div class="after">
          <p>
            <PageLink to="/signin">{t('mail.otherWay')}</PageLink>
          </p>
        </div>
      </>
    );
  if (!found)
    return (
      <>
        <Heading title={t('mail.title')} />
        <p role="status">{t('signin.submitting')}</p>
      </>
    );
  return (
    <>
      <Heading title={t('mail.elsewhereTitle')} lead={t('mail.elsewhere', { email: found.email })} />
      <Form
        submit={t('mail.elsewhereSubmit')}
        submitting={t('signin.submitting')}
        send={async () => setWaiting(await enter(token, true))}
      >
        {() => null}
      </Form>
    </>
  );
}
