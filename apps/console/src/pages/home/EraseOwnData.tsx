import type { Me } from '@gatehouse/browser';
import { useTranslation } from 'react-i18next';
import { useEraseOwnData } from '../../data/account/personal-data.ts';
import { PasswordAgain } from './PasswordAgain.tsx';

/** Nothing follows a success: there is nobody here any more, and the page of those who signed out says so. */
export function EraseOwnData({ me, onDone }: { me: Me; onDone: () => void }) {
  const { t } = useTranslation();
  return (
    <PasswordAgain
      me={me}
      text={t('data.eraseDialogText')}
      understood={t('data.eraseUnderstood')}
      submit={t('data.eraseSubmit')}
      sending={useEraseOwnData()}
      onDone={onDone}
    />
  );
}
