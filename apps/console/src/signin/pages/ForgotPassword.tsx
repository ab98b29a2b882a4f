/** @jsxImportSource preact */
import { useState } from 'preact/hooks';
import type { PageProps } from '../App.tsx';
import { Field } from '../fields.tsx';
import { Form } from '../Form.tsx';
import { Heading, Notice, PageLink } from '../Frame.tsx';
import { MailSent } from '../MailSent.tsx';
import { post } from '../server.ts';
import { t } from '../text.ts';

/** Says the same whether there is an account or not: the server answers so, too. */
export function ForgotPassword({ options }: PageProps) {
  const [sentTo, setSentTo] = useState<string>();

  if (options?.policy === 'restricted') {
    return (
      <>
        <Heading title={t('forgot.title')} />
        <Notice kind="care">{t('signin.restricted')}</Notice>
        <PageLink to="/signin" button>
          {t('link.toSignin')}
        </PageLink>
      </>
    );
  }

  if (sentTo) {
    return (
      <MailSent
        title={t('forgot.sentTitle')}
        lead={t('forgot.sent', { email: sentTo })}
        notArrived={t('forgot.notArrived')}
        devMailUrl={options?.devMailUrl}
        onAgain={() => setSentTo(undefined)}
      >
        <BackToSignIn />
      </MailSent>
    );
  }

  return (
    <>
      <Heading title={t('forgot.title')} lead={t('forgot.lead')} />
      <Form
        submit={t('forgot.submit')}
        submitting={t('forgot.submitting')}
        send={async ({ email = '' }) => {
          await post('/api/v1/auth/password/forgot', { email });
          setSentTo(email);
        }}
      >
        {({ fields }) => (
          <Field
            name="email"
            type="email"
            label={t('field.email')}
            autocomplete="username"
            error={fields.email}
            autofocus
          />
        )}
      </Form>
      <div class="after">
        <BackToSignIn />
      </div>
    </>
  );
}

function BackToSignIn() {
  return (
    <p>
      {t('forgot.remembered')} <PageLink to="/signin">{t('register.signin')}</PageLink>
    </p>
  );
}
