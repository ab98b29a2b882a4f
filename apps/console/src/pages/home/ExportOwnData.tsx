import type { Me } from '@gatehouse/browser';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useExportOwnData } from '../../data/account/personal-data.ts';
import { PasswordAgain } from './PasswordAgain.tsx';

export function ExportOwnData({ me, onDone }: { me: Me; onDone: () => void }) {
  const { t } = useTranslation();
  const exportData = useExportOwnData();
  const save = ({ name, file }: { name: string; file: Blob }): void => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(file);
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
    onDone();
    notifications.show({ message: t('data.exported', { name }) });
  };

  return (
    <PasswordAgain
      me={me}
      text={t('data.exportDialogText')}
      submit={t('data.exportSubmit')}
      isPending={exportData.isPending}
      error={exportData.error}
      onSubmit={(password, onError) => exportData.mutate(password, { onSuccess: save, onError })}
      onCancel={onDone}
    />
  );
}
