import type { AuditRecord } from '@gatehouse/contracts';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { sayActor } from './actor.ts';

interface AuditDetailProps {
  readonly record: AuditRecord;
  /** Called when a link leads on to other records. */
  readonly onLeave: () => void;
}

export function AuditDetail({ record, onLeave }: AuditDetailProps) {
  const { t } = useTranslation();
  // What stands on neither side tells nothing.
  const names = [
    ...new Set([...Object.keys(record.before ?? {}), ...Object.keys(record.after ?? {})]),
  ].filter((name) => (record.before?.[name] ?? record.after?.[name] ?? null) !== null);
  const { actor } = record;
  return (
    <div className="detail">
      <dl className="facts">
        <div>
          <dt>{t('audit.column.time')}</dt>
          <dd>{record.time.replace('T', ' ').replace('Z', ' UTC')}</dd>
        </div>
        <div>
          <dt>{t('audit.detail.action')}</dt>
          <dd>
            <code>{record.action}</code>
          </dd>
        </div>
        <div>
          <dt>{t('audit.column.actor')}</dt>
          <dd>{sayActor(record, t)}</dd>
        </div>
        <div>
          <dt>{t('audit.column.ip')}</dt>
          <dd>{record.ip ?? '–'}</dd>
        </div>
        <div>
          <dt>{t('audit.column.resource')}</dt>
          <dd>
            {record.resource.type} {record.resource.label ?? ''} <code>{record.resource.id}</code>
          </dd>
        </div>
        <div className="wide">
          <dt>{t('audit.detail.userAgent')}</dt>
          <dd>{record.userAgent ?? '–'}</dd>
        </div>
        <div className="wide">
          <dt>{t('audit.filter.correlationId')}</dt>
          <dd>
            <code>{record.correlationId}</code>
          </dd>
        </div>
      </dl>
      {names.length > 0 && (
        <table className="change">
          <caption className="unseen">{t('audit.detail.change')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('audit.detail.field')}</th>
              <th scope="col">{t('audit.detail.before')}</th>
              <th scope="col">{t('audit.detail.after')}</th>
            </tr>
          </thead>
          <tbody>
            {names.map((name) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{sayValue(record.before?.[name])}</td>
                <td>{sayValue(record.after?.[name])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className="detail-links">
        <Link to="/audit" search={{ correlationId: record.correlationId }} onClick={onLeave}>
          {t('audit.detail.sameRequest')}
        </Link>
        {actor.id !== null && (
          <Link to="/audit" search={{ actor: actor.id }} onClick={onLeave}>
            {t('audit.detail.sameActor')}
          </Link>
        )}
        {record.resource.id !== null && (
          <Link to="/audit" search={{ resourceId: record.resource.id }} onClick={onLeave}>
            {t('audit.detail.sameResource')}
          </Link>
        )}
      </p>
    </div>
  );
}

function sayValue(value: unknown): string {
  if (value === undefined || value === null) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
