import { Drawer, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { auditRecordQuery } from '../../data/audit/queries.ts';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { AuditDetail } from './AuditDetail.tsx';
import { AuditProof } from './AuditProof.tsx';

interface AuditDrawerProps {
  /** Of the record that is open; undefined for none. */
  readonly id: string | undefined;
  readonly onClose: () => void;
}

/** One record beside the list: what changed, and the proof that the record is what was sealed. */
export function AuditDrawer({ id, onClose }: AuditDrawerProps) {
  const { t } = useTranslation();
  const record = useQuery({ ...auditRecordQuery(id ?? ''), enabled: id !== undefined });
  const action = record.data?.action;
  return (
    <Drawer
      opened={id !== undefined}
      onClose={onClose}
      position="right"
      size="lg"
      title={action === undefined ? t('audit.record') : t(`audit.action.${action}`, { defaultValue: action })}
      transitionProps={{ duration: 120 }}
    >
      {record.error ? (
        <LoadFailed error={record.error} retry={record.refetch} />
      ) : record.data === undefined ? (
        <Loader aria-label={t('load.loading')} />
      ) : (
        <>
          <AuditDetail record={record.data} onLeave={onClose} />
          <AuditProof record={record.data} />
        </>
      )}
    </Drawer>
  );
}
