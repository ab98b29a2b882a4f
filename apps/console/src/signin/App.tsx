/** @jsxImportSource preact */
import type { SignInOptions } from '@gatehouse/contracts';
import type { ComponentType } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { onNavigate } from './address.ts';
import { wear } from './branding.ts';
import { Frame } from './Frame.tsx';
import { ConfirmEmail, VerifyEmail } from './pages/AddressLink.tsx';
import { ConfirmLink } from './pages/ConfirmLink.tsx';
import { ConfirmRegistration } from './pages/ConfirmRegistration.tsx';
import { ForgotPassword } from './pages/ForgotPassword.tsx';
import { Invitation } from './pages/Invitation.tsx';
import { Insecure } from './pages/Insecure.tsx';
import { Locked } from './pages/Locked.tsx';
import { MailLink, MailSignIn } from './pages/MailSignIn.tsx';
import { NotFound } from './pages/NotFound.tsx';
import { Register } from './pages/Register.tsx';
import { ResetPassword } from './pages/ResetPassword.tsx';
import { SetPassword } from './pages/SetPassword.tsx';
import { SetUp } from './pages/SetUp.tsx';
import { SignedOut } from './pages/SignedOut.tsx';
import { SignIn } from './pages/SignIn.tsx';
import { loadOptions } from './server.ts';
import { t } from './text.ts';

export interface PageProps {
  /** The single-use token of the link that opened the page. */
  readonly token: string | null;
  /** What is offered here; `undefined` until the server has said, `null` when it could not. */
  readonly options: SignInOptions | null | undefined;
}

interface Place {
  readonly page: ComponentType<PageProps>;
  readonly title: string;
  /** The page opens a session, which needs secure cookies. */
  readonly needsCookies: boolean;
}

const signIn: Place = { page: SignIn, title: 'signin.title', needsCookies: true };
const notFound: Place = { page: NotFound, title: 'notFound.title', needsCookies: false };
const pages: Readonly<Record<string, Place>> = {
  '/signin': signIn,
  '/signin/second-factor': signIn,
  '/signin/enrol': signIn,
  '/signin/link': { page: ConfirmLink, title: 'linking.title', needsCookies: true },
  '/signin/mail': { page: MailSignIn, title: 'mail.title', needsCookies: true },
  '/signin/mail-link': { page: MailLink, title: 'mail.title', needsCookies: true },
  '/register': { page: Register, title: 'register.title', needsCookies: false },
  '/register/confirm': { page: ConfirmRegistration, title: 'confirm.title', needsCookies: true },
  '/set-password': { page: SetPassword, title: 'setPassword.title', needsCookies: false },
  '/forgot-password': { page: ForgotPassword, title: 'forgot.title', needsCookies: false },
  '/reset-password': { page: ResetPassword, title: 'reset.title', needsCookies: false },
  '/verify-email': { page: VerifyEmail, title: 'verifyEmail.title', needsCookies: false },
  '/confirm-email': { page: ConfirmEmail, title: 'confirmEmail.title', needsCookies: false },
  '/invitation': { page: Invitation, title: 'invitation.title', needsCookies: true },
  '/setup': { page: SetUp, title: 'setup.title', needsCookies: false },
  '/locked': { page: Locked, title: 'locked.title', needsCookies: false },
  '/signed-out': { page: SignedOut, title: 'signedOut.title', needsCookies: false },
};

export function App({ token }: { readonly token: string | null }) {
  const [path, setPath] = useState(location.pathname);
  const [options, setOptions] = useState<SignInOptions | null>();
  const arrivedAt = useRef(path);
  const found = pages[path] ?? notFound;

  useEffect(() => onNavigate(() => setPath(location.pathname)), []);
  useEffect(() => void loadOptions(token).then(setOptions), [token]);
  useLayoutEffect(() => wear(options?.branding), [options]);

  useLayoutEffect(() => {
    document.title = t('title', {
      page: t(found.title),
      deployment: options?.branding?.name ?? options?.deploymentName ?? 'Gatehouse',
    });
  }, [found, options]);

  useLayoutEffect(() => {
    // On a page reached by a link within, a screen reader has to be told; on the first one the browser tells.
    if (path === arrivedAt.current) return;
    arrivedAt.current = path;
    document.querySelector<HTMLElement>('h1')?.focus();
  }, [path]);

  const insecure = !window.isSecureContext || options?.secureContext === false;
  return (
    <Frame deployment={options?.deploymentName} branding={options?.branding}>
      {insecure && found.needsCookies ? <Insecure /> : <found.page token={token} options={options} />}
    </Frame>
  );
}
