/** @jsxImportSource preact */
import { navigate } from './address.ts';
import { PasswordField } from './fields.tsx';
import { Form } from './Form.tsx';
import { post } from './server.ts';
import { t } from './text.ts';

/** Sets a password by a mailed link: the first one, or another in place of a forgotten one. */
export function NewPasswordForm({ path, token }: { path: string; token: string }) {
  return (
    <Form
      submit={t('setPassword.submit')}
      submitting={t('setPassword.submitting')}
      setsPassword
      send={async ({ password = '' }) => {
        await post(path, { token, password });
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
  );
}
