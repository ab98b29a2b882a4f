/** @jsxImportSource preact */
import { Heading, PageLink } from '../Frame.tsx';
import { inWords, language, t } from '../text.ts';
import { useSecondsUntil } from '../Wait.tsx';

/** Says the same to everyone, whether the account exists or not: the server answers so, too. */
export function Locked() {
  const until = (history.state as { until?: number | null } | null)?.until ?? null;
  return (
    <>
      <Heading title={t('locked.title')} lead={t('locked.lead')} />
      {until === null ? <p class="notice care">{t('locked.untilUnknown')}</p> : <Until until={until} />}
      <h2>{t('locked.what')}</h2>
      <ul class="advice">
        {['wait', 'known', 'reset', 'admin', 'notYou'].map((key) => (
          <li key={key}>{t(`locked.${key}`)}</li>
        ))}
      </ul>
      <PageLink to={`/signin${location.search}`} button>
        {t('locked.back')}
      </PageLink>
      <div class="after">
        <p>
          <PageLink to="/forgot-password">{t('signin.forgot')}</PageLink>
        </p>
      </div>
    </>
  );
}

function Until({ until }: { until: number }) {
  const seconds = useSecondsUntil(until);
  if (seconds === 0)
    return (
      <p class="notice good" role="status">
        {t('locked.over')}
      </p>
    );
  const time = new Intl.DateTimeFormat(language(), {
    hour: 'numeric',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(until);
  return (
    <p class="notice care" role="timer">
      {t('locked.until', { time, wait: inWords(seconds) })}
    </p>
  );
}
