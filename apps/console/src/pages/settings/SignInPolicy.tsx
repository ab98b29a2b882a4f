import { Alert, Select } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { connectionsQuery } from '../../data/connections/queries.ts';
import { useMay } from '../../session.ts';

const policies = ['standard', 'restricted'] as const;

interface Props {
  readonly policy: string;
  readonly locked: boolean;
  /** What binds it to the form. */
  readonly input: object;
}

/** Whether people come by the tenant's own providers alone, and a warning where they could come by none. */
export function SignInPolicy({ policy, locked, input }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const list = useInfiniteQuery({
    ...connectionsQuery(),
    enabled: policy === 'restricted' && may('connections:read'),
  });
  const isServed = list.data?.pages.some(({ items }) =>
    items.some(({ scope, status }) => scope === 'tenant' && status === 'enabled'),
  );
  // Of a list that goes on, the rest may have one.
  const warns = policy === 'restricted' && list.isSuccess && !list.hasNextPage && isServed === false;
  return (
    <div>
      <Select
        label={t('settings.rules.policy')}
        description={t(`settings.rules.aboutPolicy.${policy}`)}
        data={policies.map((value) => ({ value, label: t(`settings.rules.isPolicy.${value}`) }))}
        allowDeselect={false}
        disabled={locked}
        {...input}
      />
      <div role="status" className="settings-warning">
        {warns && <Alert color="brick">{t('settings.rules.noProvider')}</Alert>}
      </div>
    </div>
  );
}
