import type { ImportFault, InvitationImport, InvitationImportCheck } from '@gatehouse/contracts';
import { Alert, Button, FileButton, Progress, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCheckImport, useImportInvitations } from '../../data/invitations/mutations.ts';
import { importQuery } from '../../data/invitations/queries.ts';
import { sayProblem } from '../../data/problem.ts';
import { useMay } from '../../session.ts';

/** Many at once, from a file or a list that is pasted: looked through first, sent when somebody says so. */
export function ImportInvitations({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const [csv, setCsv] = useState('');
  const check = useCheckImport();
  const send = useImportInvitations();
  const error = check.error ?? send.error;
  const write = (text: string): void => {
    setCsv(text);
    check.reset();
    send.reset();
  };
  if (send.data) return <Sent done={send.data} onDone={onDone} />;
  const checked = check.data;
  return (
    <form
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        check.mutate(csv);
      }}
    >
      {error !== null && (
        <Alert color="brick" role="alert">
          {sayProblem(error)}
        </Alert>
      )}
      <Textarea
        label={t('invitations.import.list')}
        description={t('invitations.import.listHint')}
        placeholder={'email,roles\nada@example.com,SUPPORT_AGENT'}
        minRows={6}
        maxRows={12}
        autosize
        spellCheck={false}
        data-autofocus
        value={csv}
        onChange={(event) => write(event.currentTarget.value)}
      />
      <FileButton accept=".csv,.txt,text/csv,text/plain" onChange={(file) => void file?.text().then(write)}>
        {(props) => (
          <Button variant="default" {...props}>
            {t('invitations.import.file')}
          </Button>
        )}
      </FileButton>
      {checked && <Checked checked={checked} />}
      <div className="form-end">
        <Button variant="default" onClick={onDone}>
          {t('dialog.cancel')}
        </Button>
        {checked === undefined || checked.good === 0 ? (
          <Button type="submit" loading={check.isPending} disabled={csv.trim() === ''}>
            {t('invitations.import.check')}
          </Button>
        ) : (
          <Button
            loading={send.isPending}
            onClick={() => send.mutate({ csv, lines: checked.faults.length === 0 ? 'all' : 'good' })}
          >
            {t(checked.faults.length === 0 ? 'invitations.import.sendAll' : 'invitations.import.sendGood', {
              count: checked.good,
            })}
          </Button>
        )}
      </div>
    </form>
  );
}

function Checked({ checked }: { checked: InvitationImportCheck }) {
  const { t } = useTranslation();
  const { lines, good, most, faults } = checked;
  return (
    <div role="status">
      <p>{t('invitations.import.found', { lines, good })}</p>
      {faults.length > 0 && <Faults faults={faults} most={most} />}
    </div>
  );
}

function Faults({ faults, most }: { faults: readonly ImportFault[]; most?: number }) {
  const { t } = useTranslation();
  return (
    <div className="roles-scroll" tabIndex={0} role="group" aria-label={t('invitations.import.faults')}>
      <table className="change" aria-label={t('invitations.import.faults')}>
        <thead>
          <tr>
            <th scope="col">{t('invitations.import.line')}</th>
            <th scope="col">{t('invitations.import.column')}</th>
            <th scope="col">{t('invitations.import.fault')}</th>
          </tr>
        </thead>
        <tbody>
          {faults.map(({ line, column, code, value }) => (
            <tr key={`${line} ${column ?? ''} ${code} ${value ?? ''}`}>
              <td>{line}</td>
              <td>{column ?? '–'}</td>
              <td>
                {t(`invitations.import.is.${code}`, { most })} {value !== null && <bdi>“{value}”</bdi>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What was sent, and how far the mail is: asked again until none waits. */
function Sent({ done, onDone }: { done: InvitationImport; onDone: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const { data } = useQuery({ ...importQuery(done.importId), enabled: may('invitations:read') });
  const left = data ? data.mail.sent + data.mail.failed : 0;
  return (
    <div className="form">
      <p role="status">{t('invitations.import.sent', { count: done.invited })}</p>
      {data && (
        <>
          <Progress
            value={(100 * left) / Math.max(1, done.invited)}
            aria-label={t('invitations.import.progress')}
          />
          <p className="soft">
            {t('invitations.import.mails', { sent: data.mail.sent, count: done.invited })}{' '}
            {data.mail.failed > 0 && t('invitations.import.failed', { count: data.mail.failed })}
          </p>
        </>
      )}
      {done.faults.length > 0 && (
        <>
          <p>{t('invitations.import.leftOut')}</p>
          <Faults faults={done.faults} />
        </>
      )}
      <div className="form-end">
        <Button onClick={onDone}>{t('dialog.close')}</Button>
      </div>
    </div>
  );
}
