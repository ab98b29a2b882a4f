import { CloseButton, SegmentedControl, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

interface Filter<Status> {
  readonly search?: string | undefined;
  readonly status?: Status | undefined;
}

interface ListFiltersProps<Status> {
  /** What is searched: the field's name. */
  readonly label: string;
  readonly statuses: readonly Status[];
  readonly filter: Filter<Status>;
  readonly onChange: (change: Filter<Status>) => void;
}

/** Narrows a list down: by a text, as it is typed, and by a status. */
export function ListFilters<Status extends 'active' | 'invited' | 'suspended'>(
  props: ListFiltersProps<Status>,
) {
  const { label, statuses, filter, onChange } = props;
  const { t } = useTranslation();
  const [search, setSearch] = useState(filter.search ?? '');
  const apply = useDebouncedCallback((text: string) => onChange({ search: text.trim() || undefined }), 250);
  const type = (text: string): void => {
    setSearch(text);
    apply(text);
  };
  return (
    <search className="filters">
      <TextInput
        className="grow"
        aria-label={label}
        placeholder={label}
        leftSection={<IconSearch size={18} stroke={1.6} aria-hidden />}
        rightSection={
          search && <CloseButton size="sm" aria-label={t('load.clear')} onClick={() => type('')} />
        }
        value={search}
        onChange={(event) => type(event.currentTarget.value)}
      />
      <SegmentedControl
        aria-label={t('users.filterStatus')}
        value={filter.status ?? 'all'}
        onChange={(value) => onChange({ status: statuses.find((status) => status === value) })}
        data={['all', ...statuses].map((value) => ({ value, label: t(`users.status.${value}`) }))}
      />
    </search>
  );
}
