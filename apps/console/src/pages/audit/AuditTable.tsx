import type { AuditRecord } from '@gatehouse/contracts';
import { ActionIcon, Button } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { DataTable } from 'mantine-datatable';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { Time } from '../../parts/Time.tsx';
import { AuditDetail } from './AuditDetail.tsx';

interface AuditTableProps {
  readonly records: AuditRecord[];
  readonly isLoading: boolean;
  readonly isFiltered: boolean;
  readonly onReset: () => void;
}

const wide = '(min-width: 72em)';
const medium = '(min-width: 40em)';
const renderDetail = ({ record }: { record: AuditRecord }) => <AuditDetail record={record} />;
const careful = new Set(['failed_login', 'account_locked', 'authorization_denied', 'session_reuse_detected']);

export function AuditTable({ records, isLoading, isFiltered, onReset }: AuditTableProps) {
  const { t } = useTranslation();
  const [expanded, setExpanded] = useState<string[]>([]);

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
  const toggle = (id: string): void =>
    setExpanded(expanded.includes(id) ? expanded.filter((other) => other !== id) : [...expanded, id]);

  return (
    <DataTable<AuditRecord>
      records={records}
      fetching={isLoading}
      minHeight={isLoading ? 240 : 0}
      verticalSpacing="xs"
      horizontalSpacing="md"
      rowExpansion={{
        allowMultiple: true,
        trigger: 'never',
        expanded: { recordIds: expanded, onRecordIdsChange: setExpanded },
        content: renderDetail,
      }}
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
          accessor: 'detail',
          title: <span className="unseen">{t('audit.column.detail')}</span>,
          width: 64,
          textAlign: 'right',
          render: ({ id, action }) => (
            <ActionIcon
              variant="subtle"
              size="lg"
              aria-expanded={expanded.includes(id)}
              aria-label={t('audit.open', { action: t(`audit.action.${action}`, { defaultValue: action }) })}
              onClick={() => toggle(id)}
            >
              <IconChevronDown className="turning" size={20} stroke={1.6} aria-hidden />
            </ActionIcon>
          ),
        },
      ]}
    />
  );
}

export function sayActor({ actor }: AuditRecord, t: (key: string) => string): string {
  return (
    actor.label ??
    (actor.kind === 'user' ? (actor.id ?? t('audit.actor.erased')) : t(`audit.actor.${actor.kind}`))
  );
}
