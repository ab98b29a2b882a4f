/** @jsxImportSource preact */
import { navigate } from '../address.ts';
import type { PageProps } from '../App.tsx';
import { Field, PasswordField } from '../fields.tsx';
import { Form } from '../Form.tsx';
import { Heading } from '../Frame.tsx';
import { post } from '../server.ts';
import { t } from '../text.ts';
import { IncompleteLink } from './IncompleteLink.tsx';

export function SetUp({ token, options }: PageProps) {
  if (!token) return <IncompleteLink />;
  return (
    <>
      <Heading title={t('setup.title')} lead={t('setup.lead')} />
      <Form
        submit={t('setup.submit')}
        submitting={t('setup.submitting')}
        setsPassword
        rules={options?.passwordRules}
        send={async (values) => {
          await post('/api/v1/auth/setup', { ...values, token });
          navigate('/signin?reason=set-up');
        }}
      >
        {({ fields }) => (
          <>
            <Field name="name" label={t('field.name')} autocomplete="name" error={fields.name} autofocus />
            <Field
              name="email"
              type="email"
              label={t('field.email')}
              autocomplete="username"
              error={fields.email}
            />
            <PasswordField
              label={t('field.newPassword')}
              purpose="new-password"
              rules={options?.passwordRules}
              error={fields.password}
            />
          </>
        )}
      </Form>
    </>
  );
}
