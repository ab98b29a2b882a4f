/** @jsxImportSource preact */
import { useLayoutEffect, useState } from 'preact/hooks';
import type { PageProps } from '../App.tsx';
import { Field, PasswordField } from '../fields.tsx';
import { Form } from '../Form.tsx';
import { Heading, Notice, PageLink } from '../Frame.tsx';
import { post } from '../server.ts';
import { t } from '../text.ts';

export function Register({ options }: PageProps) {
  const [sentTo, setSentTo] = useState<string>();

  useLayoutEffect(() => {
    if (sentTo) document.querySelector<HTMLElement>('h1')?.focus();
  }, [sentTo]);

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
      <>
        <Heading title={t('register.sentTitle')} lead={t('register.sent', { email: sentTo })} />
        {options?.devMailUrl && (
          <a class="button" href={options.devMailUrl} target="_blank" rel="noreferrer">
            {t('register.devMail')}
          </a>
        )}
        <div class="after">
          <p>
            {t('register.notArrived')}{' '}
            <button type="button" class="link" onClick={() => setSentTo(undefined)}>
              {t('register.again')}
            </button>
            .
          </p>
        </div>
      </>
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
        <p>
          {t('register.haveOne')} <PageLink to="/signin">{t('register.signin')}</PageLink>
        </p>
      </div>
    </>
  );
}
