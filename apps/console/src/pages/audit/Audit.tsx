import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { auditQuery } from '../../data/audit/queries.ts';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { LoadMore } from '../../parts/LoadMore.tsx';
import { NotPermitted } from '../../parts/NotPermitted.tsx';
import { PageHeader } from '../../parts/PageHeader.tsx';
import { useMay } from '../../session.ts';
import { AuditDrawer } from './AuditDrawer.tsx';
import { AuditExport } from './AuditExport.tsx';
import { AuditFilters } from './AuditFilters.tsx';
import { AuditLive } from './AuditLive.tsx';
import { AuditTable } from './AuditTable.tsx';

export function Audit() {
  const { t } = useTranslation();
  const may = useMay();
  const filter = useSearch({ from: '/audit' });
  const navigate = useNavigate({ from: '/audit' });
  const records = useInfiniteQuery({ ...auditQuery(filter), enabled: may('audit:read') });
  const [open, setOpen] = useState<string>();
  const { refetch } = records;
  const onRecords = useCallback(() => void refetch(), [refetch]);

  if (!may('audit:read')) return <NotPermitted permission="audit:read" />;
  return (
    <>
      <PageHeader title={t('audit.title')} lead={t('audit.lead')}>
        <div className="page-actions">
          <AuditLive onRecords={onRecords} />
          <Button variant="default" onClick={() => void records.refetch()} loading={records.isRefetching}>
            {t('audit.refresh')}
          </Button>
          <AuditExport filter={filter} />
        </div>
      </PageHeader>
      <section className="card flush" aria-label={t('audit.title')}>
        <AuditFilters
          // What is typed there follows the address, for example after a click on a correlation id.
          key={JSON.stringify(filter)}
          filter={filter}
          onChange={(search) => void navigate({ search })}
        />
        {records.error ? (
          <LoadFailed error={records.error} retry={records.refetch} />
        ) : (
          <AuditTable
            records={records.data?.pages.flatMap((page) => page.items) ?? []}
            isLoading={records.isPending}
            isFiltered={Object.values(filter).some(Boolean)}
            onReset={() => void navigate({ search: {} })}
            onOpen={setOpen}
          />
        )}
        <LoadMore list={records} />
      </section>
      <AuditDrawer id={open} onClose={() => setOpen(undefined)} />
    </>
  );
}
