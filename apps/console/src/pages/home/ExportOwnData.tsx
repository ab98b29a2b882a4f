import type { Me } from '@gatehouse/browser';
import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useExportOwnData } from '../../data/account/personal-data.ts';
import { PasswordAgain } from './PasswordAgain.tsx';

export function ExportOwnData({ me, onDone }: { me: Me; onDone: () => void }) {
  const { t } = useTranslation();
  return (
    <PasswordAgain
      me={me}
      text={t('data.exportDialogText')}
      submit={t('data.exportSubmit')}
      sending={useExportOwnData()}
      onSent={(name) => notifications.show({ message: t('data.exported', { name }) })}
      onDone={onDone}
    />
  );
}
