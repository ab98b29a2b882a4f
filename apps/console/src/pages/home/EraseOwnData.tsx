import type { Me } from '@gatehouse/browser';
import { useTranslation } from 'react-i18next';
import { useEraseOwnData } from '../../data/account/personal-data.ts';
import { PasswordAgain } from './PasswordAgain.tsx';

/** Nothing follows a success: there is nobody here any more, and the page of those who signed out says so. */
export function EraseOwnData({ me, onDone }: { me: Me; onDone: () => void }) {
  const { t } = useTranslation();
  const erase = useEraseOwnData();
  return (
    <PasswordAgain
      me={me}
      text={t('data.eraseDialogText')}
      understood={t('data.eraseUnderstood')}
      submit={t('data.eraseSubmit')}
      isDangerous
      isPending={erase.isPending}
      error={erase.error}
      onSubmit={(password, onError) => erase.mutate(password, { onError })}
      onCancel={onDone}
    />
  );
}
