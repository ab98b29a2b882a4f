import { Switch } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAuditFeed } from '../../data/audit/live.ts';

/** Shows new records as they are sealed, while it is on. */
export function AuditLive({ onRecords }: { readonly onRecords: (count: number) => void }) {
  const { t } = useTranslation();
  const [isOn, setOn] = useState(false);
  const state = useAuditFeed(isOn, onRecords);
  return (
    <div className="live">
      <Switch
        label={t('audit.live.label')}
        checked={isOn}
        onChange={(event) => setOn(event.currentTarget.checked)}
      />
      <span className="soft" role="status">
        {isOn ? t(`audit.live.${state}`) : ''}
      </span>
    </div>
  );
}
