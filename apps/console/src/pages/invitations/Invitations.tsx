import type { Invitation } from '@gatehouse/contracts';
import { Button, Group, Modal, SegmentedControl } from '@mantine/core';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import { useDisclosure } from '@mantine/hooks';
import { IconMailPlus } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useResendInvitation, useRevokeInvitation } from '../../data/invitations/mutations.ts';
import { INVITATION_STATES, type InvitationState, invitationsQuery } from '../../data/invitations/queries.ts';
import { EmptyState } from '../../parts/EmptyState.tsx';
import { LoadFailed } from '../../parts/LoadFailed.tsx';
import { LoadMore } from '../../parts/LoadMore.tsx';
import { NotPermitted } from '../../parts/NotPermitted.tsx';
import { PageHeader } from '../../parts/PageHeader.tsx';
import { Time } from '../../parts/Time.tsx';
import { refused } from '../../parts/refused.ts';
import { useMay } from '../../session.ts';
import { ImportInvitations } from './ImportInvitations.tsx';
import { Invite } from './Invite.tsx';

/** Who was invited, and what became of it. */
export function Invitations() {
  const { t } = useTranslation();
  const may = useMay();
  const [isOpen, dialog] = useDisclosure(false);
  const [isImporting, importing] = useDisclosure(false);
  const [status, setStatus] = useState<InvitationState | undefined>('open');
  const list = useInfiniteQuery({ ...invitationsQuery(status), enabled: may('invitations:read') });
  if (!may('invitations:read')) return <NotPermitted permission="invitations:read" />;
  const invitations = list.data?.pages.flatMap((page) => page.items) ?? [];
  const mayInvite = may('invitations:create');
  return (
    <>
      <PageHeader title={t('invitations.title')} lead={t('invitations.lead')}>
        {mayInvite && (
          <Group gap="sm">
            <Button variant="default" onClick={importing.open}>
              {t('invitations.import.title')}
            </Button>
            <Button leftSection={<IconMailPlus size={18} stroke={1.8} aria-hidden />} onClick={dialog.open}>
              {t('invitations.invite')}
            </Button>
          </Group>
        )}
      </PageHeader>
      <section className="card" aria-label={t('invitations.title')}>
        <div className="filters">
          <SegmentedControl
            aria-label={t('invitations.filter')}
            value={status ?? 'all'}
            onChange={(value) => setStatus(INVITATION_STATES.find((each) => each === value))}
            data={['all', ...INVITATION_STATES].map((value) => ({
              value,
              label: t(`invitations.status.${value}`),
            }))}
          />
        </div>
        {list.error && <LoadFailed error={list.error} retry={list.refetch} />}
        {list.isSuccess && invitations.length === 0 && (
          <EmptyState
            title={t(status === 'open' ? 'invitations.none' : 'invitations.noneSuch')}
            text={t('invitations.noneText')}
          >
            {mayInvite && <Button onClick={dialog.open}>{t('invitations.invite')}</Button>}
          </EmptyState>
        )}
        <ul className="account">
          {invitations.map((invitation) => (
            <li key={invitation.id}>
              <Facts invitation={invitation} />
              <Acts invitation={invitation} />
            </li>
          ))}
        </ul>
        <LoadMore list={list} />
      </section>
      <Modal opened={isOpen} onClose={dialog.close} title={t('invitations.invite')} size="lg">
        <Invite onDone={dialog.close} />
      </Modal>
      <Modal
        opened={isImporting}
        onClose={importing.close}
        title={t('invitations.import.title')}
        size="lg"
        keepMounted={false}
      >
        <ImportInvitations onDone={importing.close} />
      </Modal>
    </>
  );
}

const LOOKS = { open: 'invited', expired: 'suspended', accepted: 'active', revoked: 'suspended' } as const;

function Facts({ invitation }: { invitation: Invitation }) {
  const { t } = useTranslation();
  const { email, roles, mail, expiresAt, closedAt } = invitation;
  const status = invitation.status as InvitationState;
  return (
    <div>
      <h2 className="item-title">{email}</h2>
      <p className="account-value">
        <span className={`status status-${LOOKS[status]}`}>{t(`invitations.status.${status}`)}</span>{' '}
        <span className="soft">
          {t(status === 'open' ? 'invitations.until' : 'invitations.was')}{' '}
          <Time at={closedAt ?? expiresAt} form="date" />
        </span>
        {mail === 'failed' && (
          <>
            {' '}
            <span className="status status-suspended">{t('invitations.mail.failed')}</span>
          </>
        )}
        {mail === 'waiting' && <span className="soft"> {t('invitations.mail.waiting')}</span>}
      </p>
      {roles.length > 0 && (
        <ul className="chips">
          {roles.map((role) => (
            <li key={role}>{role}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Acts({ invitation }: { invitation: Invitation }) {
  const { t } = useTranslation();
  const may = useMay();
  const resend = useResendInvitation();
  const revoke = useRevokeInvitation();
  const { email, closedAt } = invitation;
  if (closedAt !== null) return null;
  const confirm = (): string =>
    modals.openConfirmModal({
      title: t('invitations.revokeTitle', { email }),
      children: t('invitations.revokeText'),
      labels: { confirm: t('invitations.revoke'), cancel: t('dialog.cancel') },
      confirmProps: { color: 'brick' },
      onConfirm: () =>
        void revoke.mutateAsync(invitation).then(() => {
          notifications.show({ message: t('invitations.revoked', { email }) });
          // The row is gone and the focus with it.
          document.querySelector<HTMLElement>('h1')?.focus();
        }, refused),
    });
  return (
    <div className="account-acts">
      {may('invitations:create') && (
        <Button
          variant="default"
          loading={resend.isPending}
          aria-label={t('invitations.resendTo', { email })}
          onClick={() =>
            void resend
              .mutateAsync(invitation)
              .then(() => notifications.show({ message: t('invitations.resent', { email }) }), refused)
          }
        >
          {t('invitations.resend')}
        </Button>
      )}
      {may('invitations:revoke') && (
        <Button variant="default" aria-label={t('invitations.revokeOf', { email })} onClick={confirm}>
          {t('invitations.revoke')}
        </Button>
      )}
    </div>
  );
}
