import type { Factor } from '@gatehouse/contracts';
import { Button, Modal } from '@mantine/core';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  factorsQuery,
  useForgetDevices,
  useRemoveFactor,
  useRenewBackupCodes,
} from '../../data/account/factors.ts';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { refused } from '../../parts/refused.ts';
import { Time } from '../../parts/Time.tsx';
import { useDialog } from '../../parts/useDialog.ts';
import { canUsePasskeys } from '../../passkeys.ts';
import { AddAuthenticator } from './AddAuthenticator.tsx';
import { AddPasskey } from './AddPasskey.tsx';
import { BackupCodeList } from './BackupCodeList.tsx';
import { RenameFactor } from './RenameFactor.tsx';

/** What one proves besides the password: passkeys, authenticator apps, backup codes, remembered browsers. */
export function OwnFactors() {
  const { t } = useTranslation();
  const { data: own, error, refetch } = useQuery(factorsQuery);
  const { shown, isOpen, open, close } = useDialog<'totp' | 'passkey'>();
  const [codes, setCodes] = useState<readonly string[]>([]);
  const renew = useRenewBackupCodes();
  const forget = useForgetDevices();
  const hasFactor = (own?.factors.length ?? 0) > 0;
  const added = (kind: 'totp' | 'passkey') => (backupCodes: readonly string[]) => {
    close();
    setCodes(backupCodes);
    notifications.show({ message: t(`factors.added.${kind}`) });
  };
  const mayAddPasskey = own?.mayAddPasskey === true && canUsePasskeys();
  const confirmRenew = (): string =>
    modals.openConfirmModal({
      title: t('factors.renewTitle'),
      children: t('factors.renewText'),
      labels: { confirm: t('factors.renewConfirm'), cancel: t('dialog.cancel') },
      onConfirm: () => void renew.mutateAsync(undefined).then((made) => setCodes(made.backup_codes), refused),
    });

  return (
    <section className="card" aria-labelledby="factors">
      <div className="card-top">
        <div>
          <h2 id="factors" tabIndex={-1}>
            {t('factors.title')}
          </h2>
          <p>{t(own && !own.mayAdd ? 'factors.off' : 'factors.lead')}</p>
        </div>
        <div className="account-acts">
          {mayAddPasskey && (
            <Button variant={hasFactor ? 'default' : 'filled'} onClick={() => open('passkey')}>
              {t('factors.addPasskey')}
            </Button>
          )}
          {own?.mayAdd && (
            <Button variant={hasFactor || mayAddPasskey ? 'default' : 'filled'} onClick={() => open('totp')}>
              {t('factors.add')}
            </Button>
          )}
        </div>
      </div>
      {error && !own && <LoadFailed error={error} retry={refetch} />}
      {own && (hasFactor || own.rememberedDevices > 0) && (
        <ul className="account">
          {own.factors.map((factor) => (
            <OneFactor key={factor.id} factor={factor} />
          ))}
          {hasFactor && (
            <li>
              <div>
                <h3>{t('factors.codes')}</h3>
                <p className="soft">{t('factors.codesLeft', { count: own.backupCodesLeft })}</p>
              </div>
              <div className="account-acts">
                <Button variant="default" onClick={confirmRenew} loading={renew.isPending}>
                  {t('factors.renew')}
                </Button>
              </div>
            </li>
          )}
          {own.rememberedDevices > 0 && (
            <li>
              <div>
                <h3>{t('factors.devices')}</h3>
                <p className="soft">{t('factors.devicesText', { count: own.rememberedDevices })}</p>
              </div>
              <div className="account-acts">
                <Button
                  variant="default"
                  loading={forget.isPending}
                  onClick={() =>
                    void forget
                      .mutateAsync(undefined)
                      .then(() => notifications.show({ message: t('factors.forgotten') }), refused)
                  }
                >
                  {t('factors.forget')}
                </Button>
              </div>
            </li>
          )}
        </ul>
      )}
      <Modal opened={isOpen} onClose={close} title={t(`factors.addTitle.${shown ?? 'totp'}`)}>
        {shown === 'totp' && <AddAuthenticator onDone={added('totp')} onCancel={close} />}
        {shown === 'passkey' && <AddPasskey onAdded={added('passkey')} onDone={close} />}
      </Modal>
      <Modal
        opened={codes.length > 0}
        onClose={() => setCodes([])}
        title={t('factors.codesTitle')}
        closeOnClickOutside={false}
      >
        <BackupCodeList codes={codes} onDone={() => setCodes([])} />
      </Modal>
    </section>
  );
}

function OneFactor({ factor }: { factor: Factor }) {
  const { t } = useTranslation();
  const remove = useRemoveFactor();
  const [isRenaming, setIsRenaming] = useState(false);
  const name = factor.label ?? t(`factors.kind.${factor.kind}`);
  const confirm = (): string =>
    modals.openConfirmModal({
      title: t('factors.removeTitle', { name }),
      children: t('factors.removeText'),
      labels: { confirm: t('factors.removeConfirm'), cancel: t('dialog.cancel') },
      confirmProps: { color: 'brick' },
      onConfirm: () =>
        void remove.mutateAsync(factor.id).then(() => {
          notifications.show({ message: t('factors.removed', { name }) });
          // The row is gone and the focus with it.
          document.querySelector<HTMLElement>('#factors')?.focus();
        }, refused),
    });
  return (
    <li>
      <div>
        <h3>{name}</h3>
        <p className="soft">
          {factor.label && `${t(`factors.kind.${factor.kind}`)}, `}
          {t('factors.since')} <Time at={factor.createdAt} form="date" />
          {factor.lastUsedAt && (
            <>
              {', '}
              {t('sessions.lastUsed')} <Time at={factor.lastUsedAt} form="minute" />
            </>
          )}
        </p>
      </div>
      <Modal
        opened={isRenaming}
        onClose={() => setIsRenaming(false)}
        title={t('factors.renameTitle', { name })}
      >
        <RenameFactor factor={factor} onDone={() => setIsRenaming(false)} />
      </Modal>
      <div className="account-acts">
        <Button
          variant="default"
          onClick={() => setIsRenaming(true)}
          aria-label={t('factors.renameOne', { name })}
        >
          {t('factors.rename')}
        </Button>
        <Button
          variant="default"
          onClick={confirm}
          loading={remove.isPending}
          aria-label={t('factors.removeOne', { name })}
        >
          {t('factors.remove')}
        </Button>
      </div>
    </li>
  );
}
