import { Button, CopyButton } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** A value that is to be told to another system, and a button that copies it. */
export function CopyFact({ name, value }: { name: string; value: string }) {
  const { t } = useTranslation();
  return (
    <div className="wide">
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>{' '}
        <CopyButton value={value}>
          {({ copied, copy }) => (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={t('copy.of', { what: name })}
              onClick={copy}
            >
              {t(`copy.${copied ? 'done' : 'act'}`)}
            </Button>
          )}
        </CopyButton>
      </dd>
    </div>
  );
}
