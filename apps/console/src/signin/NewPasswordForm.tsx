/** @jsxImportSource preact */
import type { PasswordRules } from '@gatehouse/contracts';
import { navigate } from './address.ts';
import { PasswordField } from './fields.tsx';
import { Form } from './Form.tsx';
import { post } from './server.ts';
import { t } from './text.ts';

/** Sets a password by a mailed link: the first one, or another in place of a forgotten one. */
export function NewPasswordForm({
  path,
  token,
  rules,
}: {
  path: string;
  token: string;
  /** Of the tenant that sent the link. */
  rules: PasswordRules | undefined;
}) {
  return (
    <Form
      submit={t('setPassword.submit')}
      submitting={t('setPassword.submitting')}
      setsPassword
      rules={rules}
      send={async ({ password = '' }) => {
        await post(path, { token, password });
        navigate('/signin?reason=password-set');
      }}
    >
      {({ fields }) => (
        <PasswordField
          label={t('field.newPassword')}
          purpose="new-password"
          rules={rules}
          error={fields.password}
          autofocus
        />
      )}
    </Form>
  );
}
