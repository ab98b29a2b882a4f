/** @jsxImportSource preact */
import type { PageProps } from '../App.tsx';
import { Heading, PageLink } from '../Frame.tsx';
import { NewPasswordForm } from '../NewPasswordForm.tsx';
import { t } from '../text.ts';
import { IncompleteLink } from './IncompleteLink.tsx';

export function ResetPassword({ token, options }: PageProps) {
  if (!token) return <IncompleteLink />;
  return (
    <>
      <Heading title={t('reset.title')} lead={t('reset.lead')} />
      <NewPasswordForm path="/api/v1/auth/password/reset" token={token} rules={options?.passwordRules} />
      <div class="after">
        <p>
          {t('reset.tooLate')} <PageLink to="/forgot-password">{t('reset.again')}</PageLink>
        </p>
      </div>
    </>
  );
}
