import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { PageHeader } from '../../parts/PageHeader.tsx';
import { Time } from '../../parts/Time.tsx';
import { useMe } from '../../session.ts';
import { ChangeName } from './ChangeName.tsx';
import { OwnAccount } from './OwnAccount.tsx';
import { OwnActivity } from './OwnActivity.tsx';
import { OwnData } from './OwnData.tsx';
import { OwnFactors } from './OwnFactors.tsx';
import { OwnIdentities } from './OwnIdentities.tsx';
import { OwnSessions } from './OwnSessions.tsx';
import { OwnTenants } from './OwnTenants.tsx';

export function Home() {
  const { t } = useTranslation();
  const me = useMe();
  const [isNaming, naming] = useDisclosure();
  if (!me) return null;
  const facts = [
    [t('home.tenant'), me.tenant.name],
    [
      t('home.signedInSince'),
      <Time key="since" at={me.session.authTime ?? me.session.createdAt} form="minute" />,
    ],
    [t('home.memberSince'), <Time key="member" at={me.user.createdAt} form="date" />],
  ] as const;
  return (
    <>
      <PageHeader title={t('home.title', { name: me.user.name })} lead={t('home.lead')} />
      <section className="card" aria-labelledby="you">
        <div className="card-top">
          <h2 id="you">{t('home.you')}</h2>
          <Button variant="default" onClick={naming.open}>
            {t('home.changeName')}
          </Button>
        </div>
        <dl className="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
          <div className="wide">
            <dt>{t('home.roles')}</dt>
            <dd>
              {me.roles.length > 0 ? (
                <ul className="chips">
                  {me.roles.map((role) => (
                    <li key={role}>{role}</li>
                  ))}
                </ul>
              ) : (
                t('home.noRoles')
              )}
            </dd>
          </div>
        </dl>
      </section>
      <Modal opened={isNaming} onClose={naming.close} title={t('home.nameDialog')}>
        <ChangeName me={me} onDone={naming.close} />
      </Modal>
      <OwnAccount me={me} />
      <OwnFactors />
      <OwnIdentities />
      <OwnTenants me={me} />
      <OwnSessions />
      <OwnActivity />
      <OwnData />
    </>
  );
}
