/** @jsxImportSource preact */
import type { Me, SignInProgress } from '@gatehouse/browser';
import type {
  AcceptedInvitation,
  BegunAtProvider,
  InvitationLink,
  PasswordRules,
} from '@gatehouse/contracts';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { canUsePasskeys, makePasskey } from '../../passkeys.ts';
import type { PageProps } from '../App.tsx';
import { keepInvitation, query } from '../address.ts';
import { type Failure, readFailure } from '../failure.ts';
import { Field, PasswordField } from '../fields.tsx';
import { Form } from '../Form.tsx';
import { Heading, Notice, PageLink } from '../Frame.tsx';
import { ProviderProblem } from '../Providers.tsx';
import { BackupCodes } from '../Enrolment.tsx';
import { SecondStep } from '../SecondStep.tsx';
import { gatehouse, post, postSignedIn } from '../server.ts';
import { t } from '../text.ts';
import { IncompleteLink } from './IncompleteLink.tsx';

/** An invitation, by the link that was mailed: accepted with one's account, or with a new one. */
export function Invitation({ token, options }: PageProps) {
  const [found, setFound] = useState<InvitationLink>();
  const [failure, setFailure] = useState<Failure>();
  const me = useSignedIn();
  const [accepted, setAccepted] = useState<AcceptedInvitation>();
  /** Signed in by a passkey that was just made here: the codes that came with it are shown, this once. */
  const [codes, setCodes] = useState<readonly string[] | 'making'>();

  useEffect(() => {
    if (!token) return;
    post('/api/v1/auth/invitation/open', { token }).then(
      (answer) => setFound(answer as InvitationLink),
      (error: unknown) => {
        keepInvitation(null);
        setFailure(readFailure(error));
      },
    );
  }, [token]);
  useLayoutEffect(() => {
    if (accepted) document.querySelector<HTMLElement>('h1')?.focus();
  }, [accepted]);

  if (!token) return <IncompleteLink />;
  if (accepted) return <Welcome accepted={accepted} />;
  if (codes && codes !== 'making') return <BackupCodes codes={codes} onDone={() => location.replace('/')} />;
  if (failure)
    return (
      <>
        <Heading title={t('invitation.title')} />
        <Notice kind="care">{failure.message}</Notice>
        <div class="after">
          <p>{t('invitation.askAgain')}</p>
          <p>
            <PageLink to="/signin">{t('link.toSignin')}</PageLink>
          </p>
        </div>
      </>
    );
  if (!found || me === undefined)
    return (
      <>
        <Heading title={t('invitation.title')} />
        <p role="status">{t('invitation.loading')}</p>
      </>
    );
  const accept = async (): Promise<void> => {
    const done = await postSignedIn<AcceptedInvitation>('/api/v1/auth/invitation/accept', { token });
    keepInvitation(null);
    setAccepted(done);
  };
  const makePasskeyAccount = async (name: string): Promise<void> => {
    const passkey = await makePasskey(await gatehouse.beginPasskeyOfInvited(token));
    // From now on somebody is signed in, who has not seen the codes yet.
    setCodes('making');
    try {
      const { backupCodes } = await gatehouse.acceptByPasskey(token, name, { passkey });
      keepInvitation(null);
      setCodes(backupCodes);
    } catch (error) {
      setCodes(undefined);
      throw error;
    }
  };
  const signedIn = codes === 'making' ? null : me;
  if (signedIn && signedIn.user.email.toLowerCase() !== found.email.toLowerCase())
    return <OtherAccount found={found} me={signedIn} />;
  return (
    <>
      <Heading
        title={t('invitation.title')}
        lead={t('invitation.lead', { tenant: found.tenantName, email: found.email })}
      />
      {!signedIn && <Returned found={found} />}
      {signedIn ? (
        <Accept me={signedIn} accept={accept} />
      ) : (
        <Ways
          found={found}
          token={token}
          rules={options?.passwordRules}
          accept={accept}
          makePasskeyAccount={makePasskeyAccount}
        />
      )}
    </>
  );
}

/** Who is signed in; `null` for nobody, `undefined` while that is asked. */
function useSignedIn(): Me | null | undefined {
  const read = (): Me | null | undefined => {
    const state = gatehouse.getState();
    if (state.status === 'signed-in') return state.me;
    return state.status === 'starting' ? undefined : null;
  };
  const [me, setMe] = useState(read);
  useEffect(() => {
    const stop = gatehouse.subscribe(() => setMe(read()));
    void gatehouse.start();
    return stop;
  }, []);
  return me;
}

function Accept({ me, accept }: { me: Me; accept: () => Promise<void> }) {
  return (
    <Form submit={t('invitation.accept')} submitting={t('invitation.accepting')} send={accept}>
      {() => <p>{t('invitation.acceptLead', { email: me.user.email })}</p>}
    </Form>
  );
}

type Waiting = Exclude<SignInProgress, { status: 'signed-in' }>;

interface EntryProps {
  readonly found: InvitationLink;
  readonly token: string;
  /** What the tenant asks of a new password. */
  readonly rules: PasswordRules | undefined;
  readonly accept: () => Promise<void>;
  /** Makes an account that is entered by a passkey, and accepts with it. */
  readonly makePasskeyAccount: (name: string) => Promise<void>;
}

/** For whoever is not signed in: with a password where the tenant takes one, and by the providers that it takes. */
function Ways({ found, token, rules, accept, makePasskeyAccount }: EntryProps) {
  const { connections, passwords, tenantName: tenant } = found;
  const [waiting, setWaiting] = useState<Waiting>();
  return (
    <>
      {passwords ? (
        <Entry
          found={found}
          token={token}
          rules={rules}
          accept={accept}
          makePasskeyAccount={makePasskeyAccount}
          waiting={waiting}
          setWaiting={setWaiting}
        />
      ) : (
        <Notice kind="care">{t('invitation.restricted', { tenant })}</Notice>
      )}
      {!waiting && connections.length > 0 && (
        <div class="providers">
          {passwords && <p class="or">{t('signin.or')}</p>}
          {connections.map(({ id, name }) => (
            <Form
              key={id}
              quiet
              submit={t('signin.by', { name })}
              submitting={t('invitation.going')}
              send={async () => {
                const to = await post('/api/v1/auth/invitation/provider', { token, connectionId: id });
                keepInvitation(token);
                location.assign((to as BegunAtProvider).authorizationUrl);
              }}
            >
              {() => null}
            </Form>
          ))}
        </div>
      )}
      {!passwords && (
        <div class="after">
          <p>
            {t('invitation.elsewhere')}{' '}
            <a href="/signin?returnTo=/invitation" onClick={() => keepInvitation(token)}>
              {t('invitation.haveLink')}
            </a>
          </p>
        </div>
      )}
    </>
  );
}

/** Why somebody is back from a provider without having come in. Only here, to whoever holds the link, is said whom it is for. */
function Returned({ found: { email } }: { found: InvitationLink }) {
  if (query().get('problem') !== 'invitations.other_address') return <ProviderProblem />;
  return <Notice kind="care">{t('invitation.otherProvider', { email })}</Notice>;
}

/** For whoever has a password, or makes one. Which of the two it is, nobody but they know. */
function Entry({
  found,
  token,
  rules,
  accept,
  makePasskeyAccount,
  waiting,
  setWaiting,
}: EntryProps & { waiting: Waiting | undefined; setWaiting: (waiting: Waiting | undefined) => void }) {
  const [isNew, setIsNew] = useState(false);
  const [byPasskey, setByPasskey] = useState(false);
  const { email, tenantName: tenant } = found;
  if (waiting)
    return (
      <SecondStep
        progress={waiting}
        onSignedIn={isNew ? () => location.replace('/') : accept}
        onStartOver={() => setWaiting(undefined)}
      />
    );
  return (
    <>
      {isNew && byPasskey ? (
        <Form
          key="passkey"
          submit={t('invitation.createPasskey')}
          submitting={t('passkey.waiting')}
          send={({ name = '' }) => makePasskeyAccount(name)}
        >
          {({ fields }) => (
            <>
              <p>{t('invitation.newLead', { email, tenant })}</p>
              <Field name="name" label={t('field.name')} autocomplete="name" error={fields.name} autofocus />
              <p class="hint">{t('enrol.passkey')}</p>
            </>
          )}
        </Form>
      ) : isNew ? (
        <Form
          key="new"
          setsPassword
          rules={rules}
          submit={t('invitation.create')}
          submitting={t('invitation.creating')}
          send={async ({ name = '', password = '' }) => {
            await post('/api/v1/auth/invitation/register', { token, name, password });
            const progress = await gatehouse.signIn({ email, password });
            if (progress.status !== 'signed-in') return setWaiting(progress);
            location.replace('/');
          }}
        >
          {({ fields }) => (
            <>
              <p>{t('invitation.newLead', { email, tenant })}</p>
              <Field name="name" label={t('field.name')} autocomplete="name" error={fields.name} autofocus />
              <PasswordField
                label={t('field.newPassword')}
                purpose="new-password"
                rules={rules}
                error={fields.password}
              />
            </>
          )}
        </Form>
      ) : (
        <Form
          key="known"
          submit={t('invitation.signIn')}
          submitting={t('invitation.signingIn')}
          send={async ({ password = '' }) => {
            const progress = await gatehouse.signIn({ email, password });
            if (progress.status !== 'signed-in') return setWaiting(progress);
            await accept();
          }}
        >
          {({ fields }) => (
            <>
              <p>{t('invitation.signInLead')}</p>
              <PasswordField
                label={t('field.password')}
                purpose="current-password"
                error={fields.password}
                autofocus
              />
            </>
          )}
        </Form>
      )}
      <div class="after">
        {isNew && canUsePasskeys() && (
          <p>
            <button type="button" class="link" onClick={() => setByPasskey(!byPasskey)}>
              {t(byPasskey ? 'invitation.byPassword' : 'invitation.byPasskey')}
            </button>
          </p>
        )}
        <p>
          {t(isNew ? 'invitation.have' : 'invitation.new')}{' '}
          <button type="button" class="link" onClick={() => setIsNew(!isNew)}>
            {t(isNew ? 'invitation.haveLink' : 'invitation.newLink')}
          </button>
        </p>
      </div>
    </>
  );
}

function OtherAccount({ found, me }: { found: InvitationLink; me: Me }) {
  return (
    <>
      <Heading title={t('invitation.otherTitle')} />
      <Form submit={t('invitation.signOut')} submitting={t('loading')} send={() => gatehouse.signOut()}>
        {() => <p>{t('invitation.other', { email: found.email, present: me.user.email })}</p>}
      </Form>
    </>
  );
}

function Welcome({ accepted }: { accepted: AcceptedInvitation }) {
  const { tenantId, tenantName: tenant } = accepted;
  return (
    <>
      <Heading title={t('invitation.doneTitle', { tenant })} lead={t('invitation.done')} />
      <Form
        submit={t('invitation.go', { tenant })}
        submitting={t('invitation.going')}
        send={async () => {
          await gatehouse.switchTenant(tenantId);
          location.replace('/');
        }}
      >
        {() => null}
      </Form>
      <div class="after">
        <p>
          <a href="/">{t('invitation.later')}</a>
        </p>
      </div>
    </>
  );
}
