import type { ConnectionTrial } from '@gatehouse/contracts';
import { Alert, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { trialQuery } from '../../data/connections/queries.ts';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { PageHeader } from '../../parts/PageHeader.tsx';
import { TryIt } from './TryIt.tsx';

/** What came of trying a connection: what the provider said, and what signing in would make of it. */
export function Trial() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/connections/$id/trial' });
  const token = new URLSearchParams(useLocation().hash).get('trial') ?? '';
  const read = useQuery({ ...trialQuery(id, token), enabled: token !== '' });
  return (
    <>
      <PageHeader title={t('connections.trial.title')} lead={t('connections.trial.lead')}>
        <TryIt connection={{ id, name: '' }} again />
      </PageHeader>
      <p>
        <Link to="/connections" className="link">
          {t('connections.trial.back')}
        </Link>
      </p>
      {read.isLoading && <Skeleton height={320} radius={12} aria-label={t('load.loading')} role="status" />}
      {(token === '' || read.isError) && (
        <section className="card">
          <EmptyState title={t('connections.trial.gone')} text={t('connections.trial.goneText')} />
        </section>
      )}
      {read.data && <Result trial={read.data} />}
    </>
  );
}

function Result({ trial }: { trial: ConnectionTrial }) {
  const { t } = useTranslation();
  const { enters, findings, identity, claims } = trial;
  return (
    <>
      <Alert
        {...(!enters && { color: 'brick' })}
        role="status"
        title={t(`connections.trial.${enters ? 'enters' : 'refused'}`)}
      >
        {findings.length > 0 && (
          <ul className="trial-findings" aria-label={t('connections.trial.findings')}>
            {findings.map(({ code, detail }) => (
              <li key={code}>
                {t(`connections.trial.code.${code}`)}
                {detail !== null && <code className="wrap">{detail}</code>}
              </li>
            ))}
          </ul>
        )}
      </Alert>
      {identity && <Who trial={trial} identity={identity} />}
      {claims.length > 0 && (
        <section className="card" aria-labelledby="claims">
          <h2 id="claims">{t('connections.trial.claims')}</h2>
          <dl className="facts">
            {claims.map(({ name, value }) => (
              <Fact key={name} name={<code>{name}</code>}>
                {value}
              </Fact>
            ))}
          </dl>
        </section>
      )}
    </>
  );
}

function Who({
  trial: { user, roles },
  identity,
}: {
  trial: ConnectionTrial;
  identity: NonNullable<ConnectionTrial['identity']>;
}) {
  const { t } = useTranslation();
  const { issuer, subject, email, name, emailCounts } = identity;
  const none = t('connections.trial.none');
  const word = t(`connections.trial.${emailCounts ? 'counts' : 'countsNot'}`);
  const who = user?.email ?? t('connections.trial.somebody');
  return (
    <section className="card" aria-labelledby="who">
      <h2 id="who">{t('connections.trial.who')}</h2>
      <dl className="facts">
        <Fact name={t('connections.trial.user')}>
          {user ? t(`connections.trial.is.${user.is}`, { who }) : t('connections.trial.nobody')}
        </Fact>
        <Fact name={t('connections.trial.email')}>{email === null ? none : `${email} (${word})`}</Fact>
        <Fact name={t('connections.trial.name')}>{name ?? none}</Fact>
        <Fact name={t('connections.trial.subject')}>{subject}</Fact>
        <Fact name={t('connections.trial.issuer')}>{issuer}</Fact>
        <Fact name={t('connections.trial.roles')}>
          {roles.length === 0
            ? none
            : roles
                .map(({ role, value, given }) =>
                  t(`connections.trial.${given ? 'given' : 'notGiven'}`, { role, value }),
                )
                .join('; ')}
        </Fact>
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="wrap">{children}</dd>
    </div>
  );
}
