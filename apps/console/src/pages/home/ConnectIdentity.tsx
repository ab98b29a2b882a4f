import type { LinkableConnection } from '@gatehouse/contracts';
import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { useLink } from '../../data/connections/mutations.ts';
import { refused } from '../../parts/refused.ts';

/** Leads to a provider whose account is to sign in here, and back to the account page. */
export function ConnectIdentity({ connections }: { connections: readonly LinkableConnection[] }) {
  const { t } = useTranslation();
  const [isOpen, dialog] = useDisclosure(false);
  const link = useLink();
  const go = async (connectionId: string): Promise<void> => {
    // In front of the dialog that may ask for a proof.
    dialog.close();
    const { authorizationUrl } = await link.mutateAsync({ connectionId });
    location.assign(authorizationUrl);
  };
  return (
    <>
      <Button variant="default" loading={link.isPending} onClick={dialog.open}>
        {t('identities.connect')}
      </Button>
      <Modal opened={isOpen} onClose={dialog.close} title={t('identities.connectTitle')}>
        <p className="soft">{t('identities.connectText')}</p>
        <ul className="account">
          {connections.map(({ id, name }) => (
            <li key={id}>
              <p className="account-value">{name}</p>
              <Button
                variant="default"
                aria-label={t('identities.connectOf', { name })}
                onClick={() => void go(id).catch(refused)}
              >
                {t('identities.connect')}
              </Button>
            </li>
          ))}
        </ul>
      </Modal>
    </>
  );
}
