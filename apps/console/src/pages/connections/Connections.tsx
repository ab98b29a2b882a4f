import type { Connection } from '@gatehouse/contracts';
import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import { IconPlugConnected } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useDisconnect, useSwitchConnection } from '../../data/connections/mutations.ts';
import { connectionsQuery } from '../../data/connections/queries.ts';
import { CopyFact } from '../../parts/CopyFact.tsx';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { LoadMore } from '../../parts/LoadMore.tsx';
import { NotPermitted } from '../../parts/NotPermitted.tsx';
import { PageHeader } from '../../parts/PageHeader.tsx';
import { refused } from '../../parts/refused.ts';
import { useMay } from '../../session.ts';
import { ChangeSaml } from './ChangeSaml.tsx';
import { Connect } from './Connect.tsx';
import { Domains } from './Domains.tsx';
import { EditConnection } from './EditConnection.tsx';
import { SamlFacts } from './SamlFacts.tsx';
import { TryIt } from './TryIt.tsx';

/** The identity providers of the organisation, and the domains that they vouch for. */
export function Connections() {
  const { t } = useTranslation();
  const may = useMay();
  const [isOpen, dialog] = useDisclosure(false);
  const list = useInfiniteQuery({ ...connectionsQuery(), enabled: may('connections:read') });
  if (!may('connections:read')) return <NotPermitted permission="connections:read" />;
  const connections = list.data?.pages.flatMap((page) => page.items) ?? [];
  const mayConnect = may('connections:create');
  return (
    <>
      <PageHeader title={t('connections.title')} lead={t('connections.lead')}>
        {mayConnect && (
          <Button
            leftSection={<IconPlugConnected size={18} stroke={1.8} aria-hidden />}
            onClick={dialog.open}
          >
            {t('connections.connect')}
          </Button>
        )}
      </PageHeader>
      <section className="card" aria-label={t('connections.title')}>
        {list.error && <LoadFailed error={list.error} retry={list.refetch} />}
        {list.isSuccess && connections.length === 0 && (
          <EmptyState title={t('connections.none')} text={t('connections.noneText')}>
            {mayConnect && <Button onClick={dialog.open}>{t('connections.connect')}</Button>}
          </EmptyState>
        )}
        <ul className="account">
          {connections.map((connection) => (
            <li key={connection.id}>
              <Facts connection={connection} />
              {connection.scope === 'tenant' && <Acts connection={connection} />}
            </li>
          ))}
        </ul>
        <LoadMore list={list} />
      </section>
      <Domains connections={connections} />
      <Modal opened={isOpen} onClose={dialog.close} title={t('connections.connect')} size="lg">
        <Connect onDone={dialog.close} />
      </Modal>
    </>
  );
}

function Facts({ connection }: { connection: Connection }) {
  const { t } = useTranslation();
  const { name, kind, status, issuer, redirectUri, scope } = connection;
  return (
    <div>
      <h2 className="item-title">{name}</h2>
      <p className="account-value">
        <span className={`status status-${status === 'enabled' ? 'active' : 'suspended'}`}>
          {t(`connections.status.${status}`)}
        </span>{' '}
        <span className="soft">{t(`connections.kind.${kind}`)}</span>
      </p>
      <p className="soft wrap">{issuer}</p>
      {scope === 'platform' && <p className="soft">{t('connections.ofSettings')}</p>}
      {scope === 'tenant' && kind !== 'saml' && (
        <dl className="facts">
          <CopyFact name={t('connections.redirectUri')} value={redirectUri} />
        </dl>
      )}
      <SamlFacts connection={connection} />
    </div>
  );
}

function Acts({ connection }: { connection: Connection }) {
  const { t } = useTranslation();
  const may = useMay();
  const flip = useSwitchConnection();
  const disconnect = useDisconnect();
  const [isEditing, editing] = useDisclosure(false);
  const [isChanging, changing] = useDisclosure(false);
  const { name, status, kind } = connection;
  const act = status === 'enabled' ? 'disable' : 'enable';
  const confirm = (what: 'disable' | 'disconnect', run: () => Promise<unknown>): string =>
    modals.openConfirmModal({
      title: t(`connections.${what}Title`, { name }),
      children: t(`connections.${what}Text`),
      labels: { confirm: t(`connections.${what}`), cancel: t('dialog.cancel') },
      confirmProps: { color: 'brick' },
      onConfirm: () => void run().then(() => document.querySelector<HTMLElement>('h1')?.focus(), refused),
    });
  const change = (): Promise<unknown> =>
    flip
      .mutateAsync(connection)
      .then(() => notifications.show({ message: t(`connections.${act}d`, { name }) }));
  return (
    <div className="account-acts">
      {may('connections:update') && <TryIt connection={connection} />}
      {may('connections:update') && (
        <Button variant="default" aria-label={t('connections.editOf', { name })} onClick={editing.open}>
          {t('connections.edit')}
        </Button>
      )}
      <Modal opened={isEditing} onClose={editing.close} title={t('connections.editOf', { name })} size="lg">
        <EditConnection connection={connection} onDone={editing.close} />
      </Modal>
      {may('connections:update') && kind === 'saml' && (
        <Button
          variant="default"
          aria-label={t('connections.saml.changeOf', { name })}
          onClick={changing.open}
        >
          {t('connections.saml.change')}
        </Button>
      )}
      <Modal
        opened={isChanging}
        onClose={changing.close}
        title={t('connections.saml.changeTitle', { name })}
        size="lg"
      >
        <ChangeSaml connection={connection} onDone={changing.close} />
      </Modal>
      {may('connections:update') && (
        <Button
          variant="default"
          loading={flip.isPending}
          aria-label={t(`connections.${act}Of`, { name })}
          onClick={() => (act === 'disable' ? void confirm('disable', change) : void change().catch(refused))}
        >
          {t(`connections.${act}`)}
        </Button>
      )}
      {may('connections:delete') && (
        <Button
          variant="default"
          aria-label={t('connections.disconnectOf', { name })}
          onClick={() => void confirm('disconnect', () => disconnect.mutateAsync(connection))}
        >
          {t('connections.disconnect')}
        </Button>
      )}
    </div>
  );
}
