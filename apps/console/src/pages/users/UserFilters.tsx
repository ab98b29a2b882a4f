import { CloseButton, SegmentedControl, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { UserFilter } from '../../data/users/queries.ts';

interface UserFiltersProps {
  readonly filter: UserFilter;
  readonly onChange: (change: UserFilter) => void;
}

export function UserFilters({ filter, onChange }: UserFiltersProps) {
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
        aria-label={t('users.search')}
        placeholder={t('users.search')}
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
        onChange={(value) =>
          onChange({ status: value === 'all' ? undefined : (value as NonNullable<UserFilter['status']>) })
        }
        data={['all', 'active', 'invited', 'suspended'].map((value) => ({
          value,
          label: t(`users.status.${value}`),
        }))}
      />
    </search>
  );
}
