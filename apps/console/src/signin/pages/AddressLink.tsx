/** @jsxImportSource preact */
import { useLayoutEffect, useState } from 'preact/hooks';
import type { PageProps } from '../App.tsx';
import { PasswordField } from '../fields.tsx';
import { Form } from '../Form.tsx';
import { Heading, PageLink } from '../Frame.tsx';
import { post } from '../server.ts';
import { t } from '../text.ts';
import { IncompleteLink } from './IncompleteLink.tsx';

/** The link that proves the address of an account. */
export const VerifyEmail = ({ token }: PageProps) => (
  <AddressLink token={token} words="verifyEmail" path="/api/v1/auth/email/verify" />
);

/** The link that was mailed to a new address: with the password, so that nobody but the owner can use it. */
export const ConfirmEmail = ({ token }: PageProps) => (
  <AddressLink token={token} words="confirmEmail" path="/api/v1/auth/email/confirm" asksPassword />
);

interface AddressLinkProps {
  readonly token: string | null;
  readonly words: 'verifyEmail' | 'confirmEmail';
  readonly path: string;
  readonly asksPassword?: boolean;
}

/** Spent by a button and not by opening it: programs that look through mail open links, and press nothing. */
function AddressLink({ token, words, path, asksPassword = false }: AddressLinkProps) {
  const [done, setDone] = useState(false);
  useLayoutEffect(() => {
    if (done) document.querySelector<HTMLElement>('h1')?.focus();
  }, [done]);

  if (done) {
    return (
      <>
        <Heading title={t(`${words}.doneTitle`)} lead={t(`${words}.done`)} />
        {/* Loaded anew: whoever is signed in comes to their own page, everybody else to sign-in. */}
        <a class="button" href="/">
          {t('addressLink.goOn')}
        </a>
      </>
    );
  }
  if (!token) return <IncompleteLink />;
  return (
    <>
      <Heading title={t(`${words}.title`)} lead={t(`${words}.lead`)} />
      <Form
        submit={t('addressLink.submit')}
        submitting={t('addressLink.submitting')}
        send={async (values) => {
          await post(path, { ...values, token });
          setDone(true);
        }}
      >
        {({ fields }) =>
          asksPassword && (
            <PasswordField
              label={t('field.password')}
              purpose="current-password"
              error={fields.password}
              autofocus
            />
          )
        }
      </Form>
      <div class="after">
        <p>{t(`${words}.tooLate`)}</p>
        <p>
          <PageLink to="/signin">{t('link.toSignin')}</PageLink>
        </p>
      </div>
    </>
  );
}
