import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useExportOwnData } from '../../data/account/personal-data.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';

export function ExportOwnData({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  return (
    <DialogForm
      form={useForm({ initialValues: {} })}
      sending={useExportOwnData()}
      read={() => undefined}
      onSent={(name) => notifications.show({ message: t('data.exported', { name }) })}
      onDone={onDone}
      submit={t('data.exportSubmit')}
    >
      <p>{t('data.exportDialogText')}</p>
    </DialogForm>
  );
}
