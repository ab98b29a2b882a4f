import { AUDIT_ACTIONS } from '@gatehouse/contracts';
import { Button, Select, TextInput } from '@mantine/core';
import { type SyntheticEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AuditFilter } from '../../data/audit/queries.ts';
import { ActorFilter } from './ActorFilter.tsx';
import { localToUtc, utcToLocal } from './zone.ts';

interface AuditFiltersProps {
  readonly filter: AuditFilter;
  readonly onChange: (filter: AuditFilter) => void;
}

/** The filters are applied together by a button: each search of the log is a question of its own. */
export function AuditFilters({ filter, onChange }: AuditFiltersProps) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState({
    actor: filter.actor ?? '',
    action: filter.action ?? null,
    from: utcToLocal(filter.from),
    to: utcToLocal(filter.to),
    resourceType: filter.resourceType ?? '',
    resourceId: filter.resourceId ?? '',
    correlationId: filter.correlationId ?? '',
  });
  const set = (change: Partial<typeof draft>): void => setDraft({ ...draft, ...change });
  const hasFilter = Object.values(filter).some(Boolean);

  const isCorrelationId = /^([0-9a-f]{32})?$/.test(draft.correlationId.trim());

  const apply = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (!isCorrelationId) return;
    onChange({
      actor: draft.actor.trim() || undefined,
      action: draft.action ?? undefined,
      from: localToUtc(draft.from),
      to: localToUtc(draft.to),
      resourceType: draft.resourceType.trim() || undefined,
      resourceId: draft.resourceId.trim() || undefined,
      correlationId: draft.correlationId.trim() || undefined,
    });
  };

  return (
    <search>
      <form className="filters" onSubmit={apply}>
        <Select
          label={t('audit.filter.action')}
          placeholder={t('audit.filter.anyAction')}
          data={Object.keys(AUDIT_ACTIONS).map((value) => ({ value, label: t(`audit.action.${value}`) }))}
          value={draft.action}
          onChange={(action) => set({ action })}
          searchable
          clearable
          clearButtonProps={{ 'aria-label': t('load.clear') }}
          nothingFoundMessage={t('audit.filter.noAction')}
        />
        <ActorFilter actor={draft.actor} onChange={(actor) => set({ actor })} />
        <TextInput
          type="datetime-local"
          label={t('audit.filter.from')}
          value={draft.from}
          onChange={(event) => set({ from: event.currentTarget.value })}
        />
        <TextInput
          type="datetime-local"
          label={t('audit.filter.to')}
          value={draft.to}
          onChange={(event) => set({ to: event.currentTarget.value })}
        />
        <TextInput
          label={t('audit.filter.resourceType')}
          placeholder={t('audit.filter.anyResource')}
          maxLength={64}
          value={draft.resourceType}
          onChange={(event) => set({ resourceType: event.currentTarget.value })}
        />
        <TextInput
          label={t('audit.filter.resourceId')}
          maxLength={200}
          value={draft.resourceId}
          onChange={(event) => set({ resourceId: event.currentTarget.value })}
        />
        <TextInput
          label={t('audit.filter.correlationId')}
          error={isCorrelationId ? undefined : t('audit.filter.correlationIdForm')}
          value={draft.correlationId}
          onChange={(event) => set({ correlationId: event.currentTarget.value })}
        />
        <div className="filters-end">
          <Button type="submit">{t('audit.filter.apply')}</Button>
          {hasFilter && (
            <Button variant="default" onClick={() => onChange({})}>
              {t('audit.filter.reset')}
            </Button>
          )}
        </div>
      </form>
    </search>
  );
}
