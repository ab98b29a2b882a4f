/** @jsxImportSource preact */
import type { PageProps } from '../App.tsx';
import { Heading, PageLink } from '../Frame.tsx';
import { NewPasswordForm } from '../NewPasswordForm.tsx';
import { t } from '../text.ts';
import { IncompleteLink } from './IncompleteLink.tsx';

export function SetPassword({ token, options }: PageProps) {
  if (!token) return <IncompleteLink />;
  return (
    <>
      <Heading title={t('setPassword.title')} lead={t('setPassword.lead')} />
      <NewPasswordForm path="/api/v1/auth/password/set" token={token} rules={options?.passwordRules} />
      <div class="after">
        <p>{t('setPassword.tooLate')}</p>
        <p>
          <PageLink to="/signin">{t('link.toSignin')}</PageLink>
        </p>
      </div>
    </>
  );
}
