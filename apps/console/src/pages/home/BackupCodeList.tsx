import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

/** Backup codes, shown this once. */
export function BackupCodeList({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const { t } = useTranslation();
  const [isCopied, setIsCopied] = useState(false);
  const copy = (): void =>
    void navigator.clipboard.writeText(codes.join('\n')).then(
      () => setIsCopied(true),
      () => setIsCopied(false),
    );
  return (
    <div className="form">
      <p>{t('factors.codesText')}</p>
      <ul className="codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className="form-end">
        <Button variant="default" onClick={copy}>
          {t(isCopied ? 'factors.copied' : 'factors.copy')}
        </Button>
        <Button onClick={onDone}>{t('factors.kept')}</Button>
      </div>
    </div>
  );
}
