import type { AuditRecord } from '@gatehouse/contracts';
import { ActionIcon, Button } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { DataTable } from 'mantine-datatable';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { Time } from '../../parts/Time.tsx';
import { sayActor } from './actor.ts';
import { SealState } from './SealState.tsx';

interface AuditTableProps {
  readonly records: AuditRecord[];
  readonly isLoading: boolean;
  readonly isFiltered: boolean;
  readonly onReset: () => void;
  readonly onOpen: (id: string) => void;
}

const wide = '(min-width: 72em)';
const medium = '(min-width: 40em)';
const careful = new Set(['failed_login', 'account_locked', 'authorization_denied', 'session_reuse_detected']);

export function AuditTable({ records, isLoading, isFiltered, onReset, onOpen }: AuditTableProps) {
  const { t } = useTranslation();

  if (!isLoading && records.length === 0) {
    return (
      <EmptyState
        title={t(isFiltered ? 'audit.noneFound' : 'audit.none')}
        text={t(isFiltered ? 'audit.noneFoundText' : 'audit.noneText')}
      >
        {isFiltered && (
          <Button variant="default" onClick={onReset}>
            {t('audit.filter.reset')}
          </Button>
        )}
      </EmptyState>
    );
  }
  return (
    <DataTable<AuditRecord>
      records={records}
      fetching={isLoading}
      minHeight={isLoading ? 240 : 0}
      verticalSpacing="xs"
      horizontalSpacing="md"
      columns={[
        {
          accessor: 'time',
          title: t('audit.column.time'),
          render: ({ time }) => <Time at={time} />,
          visibleMediaQuery: medium,
          noWrap: true,
        },
        {
          accessor: 'action',
          title: t('audit.column.action'),
          render: (record) => (
            <>
              <span className={careful.has(record.action) ? 'action careful' : 'action'}>
                {t(`audit.action.${record.action}`, { defaultValue: record.action })}
              </span>
              <span className="narrow-only soft">
                <Time at={record.time} /> · {sayActor(record, t)}
              </span>
              <span className="narrow-only">
                <SealState seal={record.seal} />
              </span>
            </>
          ),
        },
        {
          accessor: 'actor',
          title: t('audit.column.actor'),
          render: (record) => sayActor(record, t),
          visibleMediaQuery: medium,
        },
        {
          accessor: 'resource',
          title: t('audit.column.resource'),
          render: ({ resource }) => (
            <>
              {resource.label ?? resource.id ?? '–'} <span className="soft">{resource.type}</span>
            </>
          ),
          visibleMediaQuery: wide,
        },
        {
          accessor: 'ip',
          title: t('audit.column.ip'),
          render: ({ ip }) => ip ?? '–',
          visibleMediaQuery: wide,
        },
        {
          accessor: 'seal',
          title: t('audit.column.seal'),
          render: ({ seal }) => <SealState seal={seal} />,
          visibleMediaQuery: medium,
          noWrap: true,
        },
        {
          accessor: 'detail',
          title: <span className="unseen">{t('audit.column.detail')}</span>,
          width: 64,
          textAlign: 'right',
          render: ({ id, action }) => (
            <ActionIcon
              variant="subtle"
              size="lg"
              aria-haspopup="dialog"
              aria-label={t('audit.open', { action: t(`audit.action.${action}`, { defaultValue: action }) })}
              onClick={() => onOpen(id)}
            >
              <IconChevronRight size={20} stroke={1.6} aria-hidden />
            </ActionIcon>
          ),
        },
      ]}
    />
  );
}
