import { Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { retentionQuery } from '../../data/audit/retention.ts';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { Time } from '../../parts/Time.tsx';
import { useMay } from '../../session.ts';
import { ChangeRetention } from './ChangeRetention.tsx';

/** How long records are kept, and how far they are gone; for who may, changed. */
export function AuditRetention({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const { data, error, refetch } = useQuery({ ...retentionQuery(), enabled: isOpen });
  return (
    <Modal opened={isOpen} onClose={onClose} title={t('audit.retention.title')}>
      {error && <LoadFailed error={error} retry={refetch} />}
      {data && (
        <div className="form">
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
          {may('settings:update') && <ChangeRetention retention={data} onDone={onClose} />}
        </div>
      )}
    </Modal>
  );
}
