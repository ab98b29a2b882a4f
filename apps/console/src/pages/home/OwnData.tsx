import { Button, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useDialog } from '../../parts/useDialog.ts';
import { EraseOwnData } from './EraseOwnData.tsx';
import { ExportOwnData } from './ExportOwnData.tsx';
import { OwnConsents } from './OwnConsents.tsx';

type Dialog = 'export' | 'erase';

/** What one consented to, and what is held of one: to take along, or to have erased. */
export function OwnData() {
  const { t } = useTranslation();
  const { shown, isOpen, open, close } = useDialog<Dialog>();

  return (
    <section className="card" aria-labelledby="data">
      <div className="card-top">
        <div>
          <h2 id="data">{t('data.title')}</h2>
          <p>{t('data.lead')}</p>
        </div>
      </div>
      <ul className="account">
        <li>
          <div>
            <h3>{t('data.consents')}</h3>
            <OwnConsents />
          </div>
        </li>
        <li>
          <div>
            <h3>{t('data.export')}</h3>
            <p className="soft">{t('data.exportText')}</p>
          </div>
          <div className="account-acts">
            <Button variant="default" onClick={() => open('export')}>
              {t('data.exportOpen')}
            </Button>
          </div>
        </li>
        <li>
          <div>
            <h3>{t('data.erase')}</h3>
            <p className="soft">{t('data.eraseText')}</p>
          </div>
          <div className="account-acts">
            <Button variant="outline" color="brick" onClick={() => open('erase')}>
              {t('data.eraseOpen')}
            </Button>
          </div>
        </li>
      </ul>
      <Modal
        opened={isOpen}
        onClose={close}
        title={t(shown === 'export' ? 'data.exportDialog' : 'data.eraseDialog')}
      >
        {shown === 'export' ? <ExportOwnData onDone={close} /> : <EraseOwnData onDone={close} />}
      </Modal>
    </section>
  );
}
