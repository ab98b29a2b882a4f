import type { TenantSettingsAnswer } from '@gatehouse/contracts';
import { useTranslation } from 'react-i18next';

const features = ['billing', 'support', 'provisioning'] as const;

/** What the platform grants; to look at. */
export function Plan({ now }: { now: TenantSettingsAnswer }) {
  const { t } = useTranslation();
  const { limits, rate, features: has } = now.settings;
  const { users } = now.usage;
  const most = (limit: number | null) => (limit === null ? t('settings.plan.noLimit') : String(limit));
  const requests =
    rate.perMinute === null
      ? t(rate.tier === null ? 'settings.plan.noTier' : `settings.plan.tier.${rate.tier}`)
      : t('settings.plan.perMinute', { count: rate.perMinute });
  return (
    <section className="card settings" aria-labelledby="plan">
      <h2 id="plan">{t('settings.plan.title')}</h2>
      <p className="soft">{t('settings.plan.lead')}</p>
      <dl className="facts">
        <div>
          <dt>{t('settings.plan.users')}</dt>
          <dd>
            {limits.users === null
              ? t('settings.plan.usersOfMany', { users })
              : t('settings.plan.usersOf', { users, limit: limits.users })}
            {limits.users !== null && (
              <meter
                min={0}
                max={Math.max(limits.users, 1)}
                value={users}
                aria-label={t('settings.plan.users')}
              />
            )}
          </dd>
        </div>
        <div>
          <dt>{t('settings.plan.cloudInstances')}</dt>
          <dd>{most(limits.cloudInstances)}</dd>
        </div>
        <div>
          <dt>{t('settings.plan.rate')}</dt>
          <dd>{requests}</dd>
        </div>
        <div className="wide">
          <dt>{t('settings.plan.features')}</dt>
          <dd>
            <ul className="chips">
              {features.map((name) => (
                <li key={name}>
                  {t(`settings.plan.feature.${name}`)}:{' '}
                  {t(has[name] ? 'settings.plan.on' : 'settings.plan.off')}
                </li>
              ))}
            </ul>
          </dd>
        </div>
      </dl>
    </section>
  );
}
