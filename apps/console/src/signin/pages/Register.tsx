/** @jsxImportSource preact */
import { useState } from 'preact/hooks';
import type { PageProps } from '../App.tsx';
import { Field, PasswordField } from '../fields.tsx';
import { Form } from '../Form.tsx';
import { Heading, Notice, PageLink } from '../Frame.tsx';
import { MailSent } from '../MailSent.tsx';
import { post } from '../server.ts';
import { t } from '../text.ts';

export function Register({ options }: PageProps) {
  const [sentTo, setSentTo] = useState<string>();

  if (options && (options.registration === 'closed' || options.policy === 'restricted')) {
    return (
      <>
        <Heading title={t('register.title')} />
        <Notice kind="care">{t('register.closed')}</Notice>
        <PageLink to="/signin" button>
          {t('link.toSignin')}
        </PageLink>
      </>
    );
  }

  if (sentTo) {
    return (
      <MailSent
        title={t('register.sentTitle')}
        lead={t('register.sent', { email: sentTo })}
        notArrived={t('register.notArrived')}
        devMailUrl={options?.devMailUrl}
        onAgain={() => setSentTo(undefined)}
      >
        <HaveOne />
      </MailSent>
    );
  }

  return (
    <>
      <Heading title={t('register.title')} lead={t('register.lead')} />
      <Form
        submit={t('register.submit')}
        submitting={t('register.submitting')}
        setsPassword
        send={async (values) => {
          await post('/api/v1/auth/register', values);
          setSentTo(values.email);
        }}
      >
        {({ fields }) => (
          <>
            <Field name="name" label={t('field.name')} autocomplete="name" error={fields.name} />
            <Field
              name="tenantName"
              label={t('field.tenantName')}
              autocomplete="organization"
              hint={t('field.tenantNameHint')}
              error={fields.tenantName}
            />
            <Field
              name="email"
              type="email"
              label={t('field.email')}
              autocomplete="username"
              error={fields.email}
            />
            <PasswordField label={t('field.newPassword')} purpose="new-password" error={fields.password} />
          </>
        )}
      </Form>
      <div class="after">
        <HaveOne />
      </div>
    </>
  );
}

function HaveOne() {
  return (
    <p>
      {t('register.haveOne')} <PageLink to="/signin">{t('register.signin')}</PageLink>
    </p>
  );
}
