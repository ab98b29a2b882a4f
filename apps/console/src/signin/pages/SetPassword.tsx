/** @jsxImportSource preact */
import { navigate } from '../address.ts';
import type { PageProps } from '../App.tsx';
import { PasswordField } from '../fields.tsx';
import { Form } from '../Form.tsx';
import { Heading } from '../Frame.tsx';
import { post } from '../server.ts';
import { t } from '../text.ts';
import { IncompleteLink } from './IncompleteLink.tsx';

export function SetPassword({ token }: PageProps) {
  if (!token) return <IncompleteLink />;
  return (
    <>
      <Heading title={t('setPassword.title')} lead={t('setPassword.lead')} />
      <Form
        submit={t('setPassword.submit')}
        submitting={t('setPassword.submitting')}
        setsPassword
        send={async ({ password = '' }) => {
          await post('/api/v1/auth/password/set', { token, password });
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
    </>
  );
}
