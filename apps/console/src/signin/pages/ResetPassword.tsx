/** @jsxImportSource preact */
import { navigate } from '../address.ts';
import type { PageProps } from '../App.tsx';
import { PasswordField } from '../fields.tsx';
import { Form } from '../Form.tsx';
import { Heading, PageLink } from '../Frame.tsx';
import { post } from '../server.ts';
import { t } from '../text.ts';
import { IncompleteLink } from './IncompleteLink.tsx';

export function ResetPassword({ token }: PageProps) {
  if (!token) return <IncompleteLink />;
  return (
    <>
      <Heading title={t('reset.title')} lead={t('reset.lead')} />
      <Form
        submit={t('setPassword.submit')}
        submitting={t('setPassword.submitting')}
        setsPassword
        send={async ({ password = '' }) => {
          await post('/api/v1/auth/password/reset', { token, password });
          navigate('/signin?reason=password-set');
        }}
      >
        {({ fields }) => (
          <PasswordField
            label={t('field.newPassword')}
            purpose="new-password"
            error={fields.password}
            autofocus
          />
        )}
      </Form>
      <div class="after">
        <p>
          {t('reset.tooLate')} <PageLink to="/forgot-password">{t('reset.again')}</PageLink>
        </p>
      </div>
    </>
  );
}
