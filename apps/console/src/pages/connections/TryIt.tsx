import type { Connection } from '@gatehouse/contracts';
import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useTryConnection } from '../../data/connections/mutations.ts';
import { refused } from '../../parts/refused.ts';

/** Leads to the provider and back to the page with the result. */
export function TryIt({
  connection: { id, name },
  again = false,
}: {
  connection: Pick<Connection, 'id' | 'name'>;
  again?: boolean;
}) {
  const { t } = useTranslation();
  const begin = useTryConnection();
  const go = async (): Promise<void> => {
    const { authorizationUrl } = await begin.mutateAsync({ id });
    location.assign(authorizationUrl);
  };
  return (
    <Button
      variant="default"
      loading={begin.isPending}
      {...(!again && { 'aria-label': t('connections.tryOf', { name }) })}
      onClick={() => void go().catch(refused)}
    >
      {t(again ? 'connections.trial.again' : 'connections.try')}
    </Button>
  );
}
