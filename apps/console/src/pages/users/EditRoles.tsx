import type { RoleAssignment, User } from '@gatehouse/contracts';
import { Skeleton } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useChangeRoles } from '../../data/roles/mutations.ts';
import { roleAssignmentsQuery } from '../../data/roles/queries.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';
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
  const form = useForm({ initialValues: { roles: held.map(({ role }) => role) } });
  const { roles } = form.values;
  const grant = roles.filter((role) => !held.some((assignment) => assignment.role === role));
  const takeAway = held.filter(({ role }) => !roles.includes(role));
  return (
    <DialogForm
      form={form}
      sending={useChangeRoles()}
      read={() => ({ principalId: user.principalId, grant, takeAway })}
      onSent={() => notifications.show({ message: t('users.rolesChanged', { name: user.name }) })}
      onDone={onDone}
      submit={t('users.saveRoles')}
      isIdle={grant.length + takeAway.length === 0}
    >
      <RoleChoice chosen={roles} onChange={(chosen) => form.setFieldValue('roles', chosen)} />
    </DialogForm>
  );
}
