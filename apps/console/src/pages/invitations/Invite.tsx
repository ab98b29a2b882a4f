import { Alert, Button, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useInvite } from '../../data/invitations/mutations.ts';
import { faultsByField, sayProblem } from '../../data/problem.ts';
import { DevMail } from '../../parts/DevMail.tsx';
import { useMay } from '../../session.ts';
import { RoleChoice } from '../users/RoleChoice.tsx';

export function Invite({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const invite = useInvite();
  const form = useForm({
    initialValues: { email: '', roles: [] as string[] },
    validate: { email: (value) => (/^[^\s@]+@[^\s@]+$/.test(value.trim()) ? null : t('form.emailForm')) },
  });
  const faults = faultsByField(invite.error);
  const submit = form.onSubmit(
    ({ email, roles }) =>
      invite.mutate(
        { email: email.trim(), ...(roles.length > 0 && { roles }) },
        {
          onSuccess: (invitation) => {
            onDone();
            notifications.show({
              title: t('invitations.sent', { email: invitation.email }),
              autoClose: 10_000,
              message: (
                <>
                  {t('invitations.sentText')} <DevMail />
                </>
              ),
            });
          },
          onError: (error) => form.setErrors(faultsByField(error)),
        },
      ),
    () => form.getInputNode('email')?.focus(),
  );
  return (
    <form onSubmit={submit} noValidate className="form">
      {invite.error && Object.keys(faults).length === 0 && (
        <Alert color="brick" role="alert">
          {sayProblem(invite.error)}
        </Alert>
      )}
      <TextInput
        label={t('form.email')}
        description={t('invitations.emailHint')}
        type="email"
        autoComplete="off"
        data-autofocus
        key={form.key('email')}
        {...form.getInputProps('email')}
      />
      {may('roles:read') && may('roles:assign') && (
        <RoleChoice chosen={form.values.roles} onChange={(roles) => form.setFieldValue('roles', roles)} />
      )}
      <div className="form-end">
        <Button variant="default" onClick={onDone}>
          {t('dialog.cancel')}
        </Button>
        <Button type="submit" loading={invite.isPending}>
          {t('invitations.invite')}
        </Button>
      </div>
    </form>
  );
}
