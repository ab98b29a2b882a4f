import { ProblemError } from '@gatehouse/browser';
import type { ConnectionTrial } from '@gatehouse/contracts';
import { Alert, Skeleton } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useLocation, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { connectionsQuery, trialQuery } from '../../data/connections/queries.ts';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { NotPermitted } from '../../parts/NotPermitted.tsx';
import { PageHeader } from '../../parts/PageHeader.tsx';
import { useMay } from '../../session.ts';
import { TryIt } from './TryIt.tsx';

/** What came of trying a connection: what the provider said, and what signing in would make of it. */
export function Trial() {
  const { t } = useTranslation();
  const may = useMay();
  const { id } = useParams({ from: '/connections/$id/trial' });
  const token = new URLSearchParams(useLocation().hash).get('trial') ?? '';
  const mayTry = may('connections:update');
  const read = useQuery({ ...trialQuery(id, token), enabled: mayTry && token !== '' });
  const list = useInfiniteQuery({ ...connectionsQuery(), enabled: may('connections:read') });
  if (!mayTry) return <NotPermitted permission="connections:update" />;
  const name = list.data?.pages.flatMap((page) => page.items).find((each) => each.id === id)?.name;
  const isGone = token === '' || (read.error instanceof ProblemError && read.error.status === 404);
  return (
    <>
      <PageHeader
        title={name === undefined ? t('connections.trial.title') : t('connections.trial.titleOf', { name })}
        lead={t('connections.trial.lead')}
      >
        <TryIt connection={{ id, name: '' }} again />
      </PageHeader>
      <p>
        <Link to="/connections" className="link">
          {t('connections.trial.back')}
        </Link>
      </p>
      {read.isLoading && <Skeleton height={320} radius={12} aria-label={t('load.loading')} role="status" />}
      {read.error && !isGone && (
        <section className="card">
          <LoadFailed error={read.error} retry={read.refetch} />
        </section>
      )}
      {isGone && (
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
          <dl className="facts roomy">
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
      <dl className="facts roomy">
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
