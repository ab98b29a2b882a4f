import type { Connection, TenantDomain } from '@gatehouse/contracts';
import { Button, Modal, Select, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDisclosure } from '@mantine/hooks';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import {
  useAddDomain,
  useRemoveDomain,
  useSendDomain,
  useVerifyDomain,
} from '../../data/connections/mutations.ts';
import { domainsQuery } from '../../data/connections/queries.ts';
import { DialogForm } from '../../parts/DialogForm.tsx';
import { CopyFact } from '../../parts/CopyFact.tsx';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { LoadMore } from '../../parts/LoadMore.tsx';
import { refused } from '../../parts/refused.ts';
import { useMay } from '../../session.ts';

/** The domains whose addresses the organisation's providers vouch for. */
export function Domains({ connections }: { connections: readonly Connection[] }) {
  const { t } = useTranslation();
  const may = useMay();
  const [isOpen, dialog] = useDisclosure(false);
  const list = useInfiniteQuery(domainsQuery());
  const domains = list.data?.pages.flatMap((page) => page.items) ?? [];
  const mayAdd = may('connections:create');
  return (
    <section className="card" aria-labelledby="domains">
      <h2 id="domains">{t('domains.title')}</h2>
      <p className="soft">{t('domains.lead')}</p>
      {list.error && <LoadFailed error={list.error} retry={list.refetch} />}
      {list.isSuccess && domains.length === 0 && (
        <EmptyState title={t('domains.none')} text={t('domains.noneText')}>
          {mayAdd && <Button onClick={dialog.open}>{t('domains.add')}</Button>}
        </EmptyState>
      )}
      <ul className="account">
        {domains.map((domain) => (
          <li key={domain.id}>
            <Facts domain={domain} />
            <Acts domain={domain} connections={connections} />
          </li>
        ))}
      </ul>
      <LoadMore list={list} />
      {mayAdd && domains.length > 0 && (
        <div className="form-end">
          <Button variant="default" onClick={dialog.open}>
            {t('domains.add')}
          </Button>
        </div>
      )}
      <Modal opened={isOpen} onClose={dialog.close} title={t('domains.add')}>
        <AddDomain onDone={dialog.close} />
      </Modal>
    </section>
  );
}

function Facts({ domain: { domain, status, record } }: { domain: TenantDomain }) {
  const { t } = useTranslation();
  return (
    <div>
      <h3 className="item-title">{domain}</h3>
      <p className="account-value">
        <span className={`status status-${status === 'verified' ? 'active' : 'invited'}`}>
          {t(`domains.status.${status}`)}
        </span>
      </p>
      {status === 'pending' && (
        <>
          <p className="soft">{t('domains.record')}</p>
          <dl className="facts">
            <CopyFact name={t('domains.recordName')} value={record.name} />
            <CopyFact name={t('domains.recordValue')} value={record.value} />
          </dl>
        </>
      )}
    </div>
  );
}

function Acts({ domain, connections }: { domain: TenantDomain; connections: readonly Connection[] }) {
  const { t } = useTranslation();
  const may = useMay();
  const verify = useVerifyDomain();
  const send = useSendDomain();
  const remove = useRemoveDomain();
  const { id, domain: name, status } = domain;
  const own = connections.filter(({ scope }) => scope === 'tenant');
  const confirm = (): string =>
    modals.openConfirmModal({
      title: t('domains.removeTitle', { name }),
      children: t('domains.removeText'),
      labels: { confirm: t('domains.remove'), cancel: t('dialog.cancel') },
      confirmProps: { color: 'brick' },
      onConfirm: () =>
        void remove
          .mutateAsync(domain)
          .then(() => document.querySelector<HTMLElement>('h1')?.focus(), refused),
    });
  return (
    <div className="account-acts">
      {status === 'pending' && may('connections:update') && (
        <Button
          variant="default"
          loading={verify.isPending}
          aria-label={t('domains.verifyOf', { name })}
          onClick={() =>
            void verify
              .mutateAsync(domain)
              .then(() => notifications.show({ message: t('domains.verified', { name }) }), refused)
          }
        >
          {t('domains.verify')}
        </Button>
      )}
      {status === 'verified' && may('connections:update') && own.length > 0 && (
        <Select
          label={t('domains.sendOf', { name })}
          data={[
            { value: '', label: t('domains.password') },
            ...own.map((connection) => ({ value: connection.id, label: connection.name })),
          ]}
          value={domain.connectionId ?? ''}
          allowDeselect={false}
          onChange={(value) => void send.mutateAsync({ id, connectionId: value || null }).catch(refused)}
        />
      )}
      {may('connections:delete') && (
        <Button
          variant="default"
          loading={remove.isPending}
          aria-label={t('domains.removeOf', { name })}
          onClick={confirm}
        >
          {t('domains.remove')}
        </Button>
      )}
    </div>
  );
}

function AddDomain({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const add = useAddDomain();
  const form = useForm({
    initialValues: { domain: '' },
    validate: { domain: (value) => (/^[^\s.]+(\.[^\s.]+)+$/.test(value.trim()) ? null : t('domains.form')) },
  });
  return (
    <DialogForm
      form={form}
      sending={add}
      read={({ domain }) => ({ domain: domain.trim().toLowerCase() })}
      onDone={onDone}
      submit={t('domains.add')}
    >
      <TextInput
        label={t('domains.domain')}
        placeholder="example.com"
        data-autofocus
        key={form.key('domain')}
        {...form.getInputProps('domain')}
      />
    </DialogForm>
  );
}
