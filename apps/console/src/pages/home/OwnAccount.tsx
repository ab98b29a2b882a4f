import type { Me } from '@gatehouse/browser';
import { Button, Modal } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useSendVerification } from '../../data/account/mutations.ts';
import { DevMail } from '../../parts/DevMail.tsx';
import { refused } from '../../parts/refused.ts';
import { useDialog } from '../../parts/useDialog.ts';
import { ChangeEmail } from './ChangeEmail.tsx';
import { ChangePassword } from './ChangePassword.tsx';

type Dialog = 'password' | 'email';

/** What one signs in with: address and password. */
export function OwnAccount({ me }: { me: Me }) {
  const { t } = useTranslation();
  const { shown, isOpen, open, close } = useDialog<Dialog>();

  return (
    <section className="card" aria-labelledby="account">
      <h2 id="account">{t('account.title')}</h2>
      <ul className="account">
        <li>
          <div>
            <h3>{t('account.email')}</h3>
            <p className="account-value">
              <span>{me.user.email}</span>{' '}
              <span className={`status status-${me.user.emailVerified ? 'active' : 'invited'}`}>
                {t(me.user.emailVerified ? 'account.confirmed' : 'account.unconfirmed')}
              </span>
            </p>
          </div>
          <div className="account-acts">
            {!me.user.emailVerified && <SendVerification email={me.user.email} />}
            <Button variant="default" onClick={() => open('email')}>
              {t('account.changeEmail')}
            </Button>
          </div>
        </li>
        <li>
          <div>
            <h3>{t('account.password')}</h3>
            <p className="soft">{t('account.passwordText')}</p>
          </div>
          <div className="account-acts">
            <Button variant="default" onClick={() => open('password')}>
              {t('account.changePassword')}
            </Button>
          </div>
        </li>
      </ul>
      <Modal
        opened={isOpen}
        onClose={close}
        title={t(shown === 'email' ? 'account.emailDialog' : 'account.passwordDialog')}
      >
        {shown === 'email' ? (
          <ChangeEmail me={me} onDone={close} />
        ) : (
          <ChangePassword me={me} onDone={close} />
        )}
      </Modal>
    </section>
  );
}

function SendVerification({ email }: { email: string }) {
  const { t } = useTranslation();
  const send = useSendVerification();
  return (
    <Button
      variant="default"
      loading={send.isPending}
      onClick={() =>
        send.mutate(undefined, {
          onSuccess: () =>
            notifications.show({
              title: t('account.verificationSent'),
              autoClose: 10_000,
              message: (
                <>
                  {t('account.verificationSentText', { email })} <DevMail />
                </>
              ),
            }),
          onError: refused,
        })
      }
    >
      {t('account.sendVerification')}
    </Button>
  );
}
