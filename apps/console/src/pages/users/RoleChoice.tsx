import { Checkbox, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { rolesQuery } from '../../data/roles/queries.ts';
import { LoadFailed } from '../../parts/LoadFailed.tsx';

interface RoleChoiceProps {
  readonly chosen: readonly string[];
  readonly onChange: (roles: string[]) => void;
}

/** The roles under the headings of their groups, each with what it is for. */
export function RoleChoice({ chosen, onChange }: RoleChoiceProps) {
  const { t } = useTranslation();
  const { data, error, isPending, refetch } = useQuery(rolesQuery());
  if (error) return <LoadFailed error={error} retry={refetch} />;
  if (isPending) return <Skeleton height={200} aria-label={t('load.loading')} />;
  const groups = Map.groupBy(data.items, (role) => role.group);
  return (
    <fieldset className="roles">
      <legend>{t('users.rolesLegend')}</legend>
      <p className="soft">{t('users.rolesHint')}</p>
      <div className="roles-scroll" tabIndex={0} role="group" aria-label={t('users.rolesLegend')}>
        {[...groups].map(([group, roles]) => (
          <div key={group} role="group" aria-label={t(`roles.group.${group}`, { defaultValue: group })}>
            <p className="roles-group">{t(`roles.group.${group}`, { defaultValue: group })}</p>
            {roles.map((role) => (
              <Checkbox
                key={role.id}
                label={role.title}
                description={role.description}
                checked={chosen.includes(role.name)}
                onChange={(event) =>
                  onChange(
                    event.currentTarget.checked
                      ? [...chosen, role.name]
                      : chosen.filter((name) => name !== role.name),
                  )
                }
              />
            ))}
          </div>
        ))}
      </div>
    </fieldset>
  );
}
