import type { RoleAssignment, User } from '@gatehouse/contracts';
import { Alert, Button, Skeleton } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { sayProblem } from '../../data/problem.ts';
import { useChangeRoles } from '../../data/roles/mutations.ts';
import { roleAssignmentsQuery } from '../../data/roles/queries.ts';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { RoleChoice } from './RoleChoice.tsx';

interface EditRolesProps {
  readonly user: User;
  readonly onDone: () => void;
}

export function EditRoles({ user, onDone }: EditRolesProps) {
  const { t } = useTranslation();
  const { data, error, refetch, isFetchedAfterMount } = useQuery({
    ...roleAssignmentsQuery(user.principalId),
    staleTime: 0,
  });
  if (error) return <LoadFailed error={error} retry={refetch} />;
  // What is held now is the base of the change: an older answer from the cache would undo somebody else's.
  if (!data || !isFetchedAfterMount) return <Skeleton height={280} aria-label={t('load.loading')} />;
  return <RolesForm user={user} held={data.items} onDone={onDone} />;
}

function RolesForm({ user, held, onDone }: EditRolesProps & { readonly held: readonly RoleAssignment[] }) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState(() => held.map(({ role }) => role));
  const change = useChangeRoles();
  const grant = chosen.filter((role) => !held.some((assignment) => assignment.role === role));
  const takeAway = held.filter(({ role }) => !chosen.includes(role));

  const save = (): void =>
    change.mutate(
      { principalId: user.principalId, grant, takeAway },
      {
        onSuccess: () => {
          onDone();
          notifications.show({ message: t('users.rolesChanged', { name: user.name }) });
        },
      },
    );

  return (
    <div className="form">
      {change.error && (
        <Alert color="brick" role="alert">
          {sayProblem(change.error)}
        </Alert>
      )}
      <RoleChoice chosen={chosen} onChange={setChosen} />
      <div className="form-end">
        <Button variant="default" onClick={onDone}>
          {t('dialog.cancel')}
        </Button>
        <Button onClick={save} disabled={grant.length + takeAway.length === 0} loading={change.isPending}>
          {t('users.saveRoles')}
        </Button>
      </div>
    </div>
  );
}
