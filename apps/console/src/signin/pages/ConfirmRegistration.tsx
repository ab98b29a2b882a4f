/** @jsxImportSource preact */
import type { PageProps } from '../App.tsx';
import { PasswordField } from '../fields.tsx';
import { Form } from '../Form.tsx';
import { Heading, PageLink } from '../Frame.tsx';
import { gatehouse } from '../server.ts';
import { t } from '../text.ts';
import { IncompleteLink } from './IncompleteLink.tsx';

export function ConfirmRegistration({ token }: PageProps) {
  if (!token) return <IncompleteLink />;
  return (
    <>
      <Heading title={t('confirm.title')} lead={t('confirm.lead')} />
      <Form
        submit={t('confirm.submit')}
        submitting={t('confirm.submitting')}
        send={async ({ password = '' }) => {
          await gatehouse.confirmRegistration({ token, password });
          location.replace('/');
        }}
      >
        {({ fields }) => (
          <PasswordField
            label={t('field.password')}
            purpose="current-password"
            error={fields.password}
            autofocus
          />
        )}
      </Form>
      <div class="after">
        <p>
          {t('reset.tooLate')} <PageLink to="/register">{t('confirm.again')}</PageLink>
        </p>
      </div>
    </>
  );
}
