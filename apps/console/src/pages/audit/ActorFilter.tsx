import { Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { usersQuery } from '../../data/users/queries.ts';
import { useMay } from '../../session.ts';

interface ActorFilterProps {
  /** The id of a user; empty for everybody. */
  readonly actor: string;
  readonly onChange: (actor: string) => void;
}

/** Whose actions: chosen by name from the users, or given by id where one may not list them. */
export function ActorFilter({ actor, onChange }: ActorFilterProps) {
  const { t } = useTranslation();
  const may = useMay();
  const mayList = may('users:read');
  const [search, setSearch] = useState('');
  const [wanted] = useDebouncedValue(search, 200);
  const { data } = useInfiniteQuery({ ...usersQuery({ search: wanted || undefined }), enabled: mayList });

  if (!mayList) {
    return (
      <TextInput
        label={t('audit.filter.actor')}
        placeholder={t('audit.filter.actorId')}
        value={actor}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  const found = data?.pages[0]?.items.map(({ id, email }) => ({ value: id, label: email })) ?? [];
  const isListed = actor === '' || found.some(({ value }) => value === actor);
  return (
    <Select
      label={t('audit.filter.actor')}
      placeholder={t('audit.filter.anybody')}
      data={isListed ? found : [...found, { value: actor, label: actor }]}
      value={actor || null}
      onChange={(value) => onChange(value ?? '')}
      searchable
      onSearchChange={setSearch}
      // The server has searched already, by name as well as by address.
      filter={({ options }) => options}
      clearable
      clearButtonProps={{ 'aria-label': t('load.clear') }}
      nothingFoundMessage={t('users.noneFound')}
    />
  );
}
