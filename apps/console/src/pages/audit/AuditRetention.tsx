import { Button, Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { retentionQuery } from '../../data/audit/retention.ts';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { Time } from '../../parts/Time.tsx';
import { useMay } from '../../session.ts';
import { ChangeRetention } from './ChangeRetention.tsx';

/** How long records are kept, and how far they are gone; for who may, changed. */
export function AuditRetention() {
  const { t } = useTranslation();
  const may = useMay();
  const [isOpen, setIsOpen] = useState(false);
  const { data, error, refetch } = useQuery({ ...retentionQuery(), enabled: isOpen });
  const close = (): void => setIsOpen(false);
  return (
    <>
      <Button variant="default" onClick={() => setIsOpen(true)}>
        {t('audit.retention.button')}
      </Button>
      <Modal opened={isOpen} onClose={close} title={t('audit.retention.title')}>
        {error && <LoadFailed error={error} retry={refetch} />}
        {data && (
          <>
            <p>
              {data.days === null
                ? t('audit.retention.forGood')
                : t('audit.retention.days', { count: data.days })}{' '}
              {data.removedBefore === null ? (
                t('audit.retention.noneGone')
              ) : (
                <>
                  {t('audit.retention.gone', { count: data.removedBelow })}{' '}
                  <Time at={data.removedBefore} form="minute" />
                </>
              )}
            </p>
            {may('settings:update') && <ChangeRetention retention={data} onDone={close} />}
          </>
        )}
      </Modal>
    </>
  );
}
