import { Button, Menu } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AuditFilter } from '../../data/audit/queries.ts';
import { refused } from '../../parts/refused.ts';
import { useMay } from '../../session.ts';
import { inPlace } from '../../place.ts';
import { gatehouse } from '../../session.ts';
import { AuditRetention } from './AuditRetention.tsx';

const formats = ['jsonl', 'csv', 'syslog', 'ocsf'] as const;

/** Downloads what is shown, in a file that can be verified, or for a SIEM; and the checkpoint, for who keeps them. */
export function AuditExport({ filter }: { readonly filter: AuditFilter }) {
  const { t } = useTranslation();
  const may = useMay();
  const [isOpen, setIsOpen] = useState(false);
  const isFiltered = Object.values(filter).some(Boolean);

  const download = async (path: string, name: string): Promise<void> => {
    try {
      // A link carries the cookies and cannot renew them: the session is renewed first, if it has to be.
      await gatehouse.reload();
      const link = document.createElement('a');
      link.href = inPlace(path);
      link.download = name;
      link.click();
    } catch (error) {
      refused(error);
    }
  };
  const exportAs = (format: (typeof formats)[number]): Promise<void> => {
    const query = new URLSearchParams({ format });
    for (const [name, value] of Object.entries(filter)) if (value) query.set(name, String(value));
    return download(`/api/v1/audit/export?${query}`, '');
  };

  return (
    <>
      <Menu position="bottom-end" width={300}>
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={16} stroke={1.6} aria-hidden />}>
            {t('audit.export.button')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {may('audit:export') &&
            formats.map((format) => (
              <Menu.Item key={format} onClick={() => void exportAs(format)}>
                <span className="choice">
                  {t(`audit.export.${format}`)}
                  <span className="soft">
                    {t(isFiltered ? 'audit.export.filtered' : 'audit.export.whole')}
                    {format === 'jsonl' || format === 'csv' ? ` · ${t('audit.export.verifiable')}` : ''}
                  </span>
                </span>
              </Menu.Item>
            ))}
          <Menu.Item onClick={() => void download('/api/v1/audit/checkpoint', 'audit.checkpoint')}>
            <span className="choice">
              {t('audit.export.checkpoint')}
              <span className="soft">{t('audit.export.checkpointText')}</span>
            </span>
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item onClick={() => setIsOpen(true)}>
            <span className="choice">
              {t('audit.retention.button')}
              <span className="soft">{t('audit.retention.title')}</span>
            </span>
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <AuditRetention isOpen={isOpen} onClose={() => setIsOpen(false)} />
    </>
  );
}
