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
import { sayProblem } from '../../data/problem.ts';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { Time } from '../../parts/Time.tsx';
import { AddAuthenticator } from './AddAuthenticator.tsx';
import { BackupCodeList } from './BackupCodeList.tsx';

const refused = (error: unknown): string =>
  notifications.show({ color: 'brick', message: sayProblem(error) });

/** What one proves besides the password: authenticator apps, backup codes, remembered browsers. */
export function OwnFactors() {
  const { t } = useTranslation();
  const { data: own, error, refetch } = useQuery(factorsQuery);
  const [isAdding, setIsAdding] = useState(false);
  const [codes, setCodes] = useState<readonly string[]>([]);
  const renew = useRenewBackupCodes();
  const forget = useForgetDevices();
  const hasFactor = (own?.factors.length ?? 0) > 0;
  const added = (backupCodes: readonly string[]): void => {
    setIsAdding(false);
    setCodes(backupCodes);
    notifications.show({ message: t('factors.added') });
  };
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
          <h2 id="factors">{t('factors.title')}</h2>
          <p>{t(own && !own.mayAdd ? 'factors.off' : 'factors.lead')}</p>
        </div>
        {own?.mayAdd && (
          <Button variant={hasFactor ? 'default' : 'filled'} onClick={() => setIsAdding(true)}>
            {t('factors.add')}
          </Button>
        )}
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
      <Modal opened={isAdding} onClose={() => setIsAdding(false)} title={t('factors.addTitle')}>
        <AddAuthenticator onDone={added} onCancel={() => setIsAdding(false)} />
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
  const name = factor.label ?? t(`factors.kind.${factor.kind}`);
  const confirm = (): string =>
    modals.openConfirmModal({
      title: t('factors.removeTitle', { name }),
      children: t('factors.removeText'),
      labels: { confirm: t('factors.removeConfirm'), cancel: t('dialog.cancel') },
      confirmProps: { color: 'brick' },
      onConfirm: () =>
        void remove
          .mutateAsync(factor.id)
          .then(() => notifications.show({ message: t('factors.removed', { name }) }), refused),
    });
  return (
    <li>
      <div>
        <h3>{name}</h3>
        <p className="soft">
          {factor.label && `${t(`factors.kind.${factor.kind}`)}. `}
          {t('factors.since')} <Time at={factor.createdAt} form="date" />
          {factor.lastUsedAt && (
            <>
              {', '}
              {t('sessions.lastUsed')} <Time at={factor.lastUsedAt} form="minute" />
            </>
          )}
        </p>
      </div>
      <div className="account-acts">
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
