import { Skeleton, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { matches, readGroups } from '../../data/openapi/document.ts';
import { openApiQuery } from '../../data/openapi/queries.ts';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { PageHeader } from '../../parts/PageHeader.tsx';
import { OperationCard } from './OperationCard.tsx';

/** The OpenAPI document, made readable. */
export function Reference() {
  const { t } = useTranslation();
  const { data: document, error, refetch } = useQuery(openApiQuery());
  const [search, setSearch] = useState('');
  const wanted = useDeferredValue(search);
  const groups = useMemo(() => (document ? readGroups(document) : []), [document]);
  const found = useMemo(
    () =>
      groups
        .map((group) => ({ ...group, operations: group.operations.filter((one) => matches(one, wanted)) }))
        .filter(({ operations }) => operations.length > 0),
    [groups, wanted],
  );
  const count = found.reduce((sum, { operations }) => sum + operations.length, 0);

  return (
    <>
      <PageHeader title={t('reference.title')} lead={t('reference.lead')}>
        <a className="plain-button" href="/openapi.json" target="_blank" rel="noreferrer">
          {t('reference.document')}
        </a>
      </PageHeader>
      {error && <LoadFailed error={error} retry={refetch} />}
      {!document && !error && <Skeleton height={320} aria-label={t('load.loading')} />}
      {document && (
        <div className="reference">
          <div className="reference-index">
            <TextInput
              type="search"
              aria-label={t('reference.search')}
              placeholder={t('reference.search')}
              leftSection={<IconSearch size={18} stroke={1.6} aria-hidden />}
              value={search}
              onChange={(event) => setSearch(event.currentTarget.value)}
            />
            <p className="soft" role="status">
              {t('reference.count', { count })}
            </p>
            <nav aria-label={t('reference.groups')}>
              <ul>
                {found.map(({ name, operations }) => (
                  <li key={name}>
                    <a href={`#group-${name}`}>{name}</a> <span className="soft">{operations.length}</span>
                  </li>
                ))}
              </ul>
            </nav>
          </div>
          <div>
            {count === 0 && <EmptyState title={t('reference.none')} text={t('reference.noneText')} />}
            {found.map((group) => (
              <section key={group.name} className="reference-group" aria-labelledby={`group-${group.name}`}>
                <h2 id={`group-${group.name}`}>{group.name}</h2>
                {group.description && <p className="soft">{group.description}</p>}
                {group.operations.map((operation) => (
                  <OperationCard key={operation.id} document={document} operation={operation} />
                ))}
              </section>
            ))}
          </div>
        </div>
      )}
    </>
  );
}
