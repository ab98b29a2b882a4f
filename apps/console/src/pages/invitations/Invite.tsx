import { TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useInvite } from '../../data/invitations/mutations.ts';
import { DevMail } from '../../parts/DevMail.tsx';
import { DialogForm } from '../../parts/DialogForm.tsx';
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
  return (
    <DialogForm
      form={form}
      sending={invite}
      read={({ email, roles }) => ({ email: email.trim(), ...(roles.length > 0 && { roles }) })}
      onSent={({ email }) =>
        notifications.show({
          title: t('invitations.sent', { email }),
          autoClose: 10_000,
          message: (
            <>
              {t('invitations.sentText')} <DevMail />
            </>
          ),
        })
      }
      onDone={onDone}
      submit={t('invitations.invite')}
    >
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
    </DialogForm>
  );
}
