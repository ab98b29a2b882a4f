import type { User } from '@gatehouse/contracts';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useExportUser } from '../../data/users/mutations.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';

/** Hands over what is held of a user, whose request it is. */
export function ExportUser({ user, onDone }: { user: User; onDone: () => void }) {
  const { t } = useTranslation();
  return (
    <DialogForm
      form={useForm({ initialValues: {} })}
      sending={useExportUser()}
      read={() => user}
      onSent={(file) => notifications.show({ message: t('data.exported', { name: file }) })}
      onDone={onDone}
      submit={t('data.exportSubmit')}
    >
      <p>{t('users.personalData.exportText', { name: user.name })}</p>
      <p className="soft">{t('users.personalData.onRecord')}</p>
    </DialogForm>
  );
}
