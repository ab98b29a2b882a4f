import { Button, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { flushSync } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { rolesQuery } from '../../data/roles/queries.ts';
import { useMay } from '../../session.ts';

/** As many as a connection may map. */
const MOST = 50;

export interface MappedRole {
  value: string;
  role: string;
  /** Names the row while it is edited. */
  row: string;
}

interface Form {
  values: { roles: MappedRole[] };
  getInputProps(path: string): object;
  getInputNode(path: string): HTMLElement | null;
  insertListItem(path: 'roles', item: MappedRole): void;
  removeListItem(path: 'roles', index: number): void;
}

/** Which values of the claim give which roles, a row for each. */
export function RoleMapping({ form }: { form: Form }) {
  const { t } = useTranslation();
  const may = useMay();
  const made = useRef(0);
  const adding = useRef<HTMLButtonElement>(null);
  const known = useQuery({ ...rolesQuery(), enabled: may('roles:read') });
  const { roles } = form.values;
  const titles = new Map([
    // What is mapped stands in the list, also to whoever may not see all roles.
    ...roles.filter(({ role }) => role !== '').map(({ role }) => [role, role] as const),
    ...(known.data?.items ?? []).map(({ name, title }) => [name, title] as const),
  ]);
  const options = [...titles].map(([value, label]) => ({ value, label }));
  const add = (): void => {
    made.current += 1;
    flushSync(() => form.insertListItem('roles', { value: '', role: '', row: `new-${made.current}` }));
    form.getInputNode(`roles.${roles.length}.value`)?.focus();
  };
  const remove = (index: number): void => {
    form.removeListItem('roles', index);
    adding.current?.focus();
  };
  return (
    <fieldset className="role-mapping">
      <legend>{t('connections.mapping.title')}</legend>
      <p className="soft">{t('connections.mapping.hint')}</p>
      {roles.map(({ row }, index) => (
        <div key={row} role="group" aria-label={t('connections.mapping.row', { number: index + 1 })}>
          <TextInput
            label={t('connections.mapping.value')}
            autoComplete="off"
            maxLength={300}
            {...form.getInputProps(`roles.${index}.value`)}
          />
          <Select
            label={t('connections.mapping.role')}
            data={options}
            searchable
            {...form.getInputProps(`roles.${index}.role`)}
          />
          <Button
            variant="default"
            aria-label={t('connections.mapping.removeOf', { number: index + 1 })}
            onClick={() => remove(index)}
          >
            {t('connections.mapping.remove')}
          </Button>
        </div>
      ))}
      {roles.length < MOST && (
        <Button variant="default" ref={adding} onClick={add}>
          {t('connections.mapping.add')}
        </Button>
      )}
    </fieldset>
  );
}
