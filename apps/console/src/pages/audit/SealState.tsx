import type { AuditSeal } from '@gatehouse/contracts';
import { useTranslation } from 'react-i18next';

/** Whether a record is what was sealed: a word with a dot, never by colour alone. */
export function SealState({ seal }: { readonly seal: AuditSeal }) {
  const { t } = useTranslation();
  return (
    <span className={`status seal-${seal.state}`} title={t(`audit.seal.${seal.state}.text`)}>
      {t(`audit.seal.${seal.state}.name`)}
    </span>
  );
}
