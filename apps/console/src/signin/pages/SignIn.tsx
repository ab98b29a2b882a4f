/** @jsxImportSource preact */
import type { SignInProgress } from '@gatehouse/browser';
import { useEffect, useRef, useState } from 'preact/hooks';
import { goOn, navigate, query } from '../address.ts';
import type { PageProps } from '../App.tsx';
import { canUsePasskeys } from '../../passkeys.ts';
import { AddressForm } from '../AddressForm.tsx';
import { Heading, Notice, PageLink } from '../Frame.tsx';
import { SecondStep } from '../SecondStep.tsx';
import { PasskeyForm } from '../PasskeyForm.tsx';
import { ProviderProblem, Providers } from '../Providers.tsx';
import { gatehouse, ProblemError } from '../server.ts';
import { t } from '../text.ts';

type Waiting = Exclude<SignInProgress, { status: 'signed-in' }>;

/** The page that asks for a mail to sign in by, and goes on to where this one would have. */
function mailAddress(method: 'link' | 'code'): string {
  const search = query();
  search.set('method', method);
  return `/signin/mail?${search}`;
}

/** Of a way in that comes back by a redirect: what its first factor led to stands in the address. */
function arrivedWith(token: string | null): Waiting | undefined {
  const sessionToken = token ?? '';
  if (sessionToken === '') return undefined;
  if (location.pathname === '/signin/enrol') return { status: 'enrolment', sessionToken };
  if (location.pathname !== '/signin/second-factor') return undefined;
  const rememberDays = Number(query().get('remember')) || 0;
  const factors = query().get('factors')?.split(',') ?? ['totp', 'backup_code'];
  return { status: 'second-factor', sessionToken, factors, rememberDays };
}

export function SignIn({ options, token }: PageProps) {
  const [waiting, setWaiting] = useState(() => arrivedWith(token));
  const isWaiting = useRef(false);
  isWaiting.current = waiting !== undefined;
  useEffect(() => {
    const follow = (): void => {
      // Not past the backup codes, which are shown once.
      if (!isWaiting.current && gatehouse.getState().status === 'signed-in') goOn();
    };
    const unsubscribe = gatehouse.subscribe(follow);
    // Already signed in, here or by another tab in the meantime: there is nothing to ask for. For whoever was sent here
    // the server has just been asked, and it is not asked again.
    // Whoever came from a provider signs in anew, in any case.
    const isSent = ['reason', 'returnTo', 'problem'].some((name) => query().has(name));
    if (!isSent) void gatehouse.start();
    return unsubscribe;
  }, []);

  const take = (progress: SignInProgress): void => {
    if (progress.status !== 'signed-in') setWaiting(progress);
  };
  async function send({ email = '', password = '' }: Readonly<Record<string, string>>): Promise<void> {
    try {
      take(await gatehouse.signIn({ email, password }));
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'auth.account_locked') throw error;
      const until = error.retryAfter === null ? null : Date.now() + error.retryAfter * 1000;
      navigate(`/locked${location.search}`, { until });
    }
  }

  const connections = options?.connections ?? [];
  const hasPasskeys = options?.passkeys === true && canUsePasskeys();
  if (waiting)
    return <SecondStep progress={waiting} onSignedIn={goOn} onStartOver={() => setWaiting(undefined)} />;
  if (options?.policy === 'restricted') {
    return (
      <>
        <Heading title={t('signin.title')} />
        <ProviderProblem />
        {options.connections.length > 0 ? (
          <div class="providers">
            <Providers connections={options.connections} />
          </div>
        ) : (
          <Notice kind="care">{t('signin.restricted')}</Notice>
        )}
      </>
    );
  }
  return (
    <>
      <Heading title={t('signin.title')} lead={t('signin.lead')} />
      <Why setupRequired={options?.setupRequired ?? false} />
      <ProviderProblem />
      <AddressForm send={send} />
      <div class="providers">
        {(hasPasskeys || connections.length > 0) && <p class="or">{t('signin.or')}</p>}
        {hasPasskeys && <PasskeyForm onProgress={take} />}
        <Providers connections={connections} />
      </div>
      <div class="after">
        {(['link', 'code'] as const).map(
          (method) =>
            options?.mailSignIn[method] && (
              <p key={method}>
                <PageLink to={mailAddress(method)}>{t(`mail.${method}Title`)}</PageLink>
              </p>
            ),
        )}
        <p>
          <PageLink to="/forgot-password">{t('signin.forgot')}</PageLink>
        </p>
        {options?.registration === 'tenant' && (
          <p>
            {t('signin.newHere')} <PageLink to="/register">{t('signin.register')}</PageLink>
          </p>
        )}
      </div>
    </>
  );
}

/** Why the person finds this page in front of them, where there is something to say. */
function Why({ setupRequired }: { setupRequired: boolean }) {
  const reason = query().get('reason');
  if (reason === 'expired') return <Notice kind="care">{t('signin.expired')}</Notice>;
  if (reason === 'password-set') return <Notice kind="good">{t('signin.passwordSet')}</Notice>;
  if (reason === 'set-up') return <Notice kind="good">{t('signin.setUpDone')}</Notice>;
  if (setupRequired) return <Notice kind="care">{t('signin.setupRequired')}</Notice>;
  return null;
}
