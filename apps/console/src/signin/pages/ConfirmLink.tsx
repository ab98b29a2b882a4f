/** @jsxImportSource preact */
import type { PendingIdentityLink } from '@gatehouse/contracts';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { keepLink, leave, pendingLink } from '../address.ts';
import { readFailure } from '../failure.ts';
import { Form } from '../Form.tsx';
import { Heading, Notice } from '../Frame.tsx';
import { postSignedIn, ProblemError } from '../server.ts';
import { t } from '../text.ts';

/** Linked, declined or of no use: it is not asked about again. */
function end(): void {
  keepLink(null);
  leave();
}

/**
 * Asks whoever has just signed in whether the provider's account that this browser came with shall sign them in from now on.
 *
 * SECURITY: it may be a stranger's, whose page sent the browser there (threat 20).
 */
export function ConfirmLink() {
  const [token] = useState(pendingLink);
  const [found, setFound] = useState<PendingIdentityLink | 'over'>();
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    if (token === null) return end();
    postSignedIn<PendingIdentityLink>('/api/v1/auth/link/open', { token }).then(
      setFound,
      (error: unknown) => {
        // Over, or another account's, or nobody says when they signed in: there is nothing to ask, and that is said.
        if (error instanceof ProblemError && error.code === 'auth.link_invalid') {
          keepLink(null);
          setFound('over');
        } else setFailure(readFailure(error).message);
      },
    );
  }, [token]);
  useLayoutEffect(() => document.querySelector<HTMLElement>('h1')?.focus(), [found]);

  if (token === null || !found)
    return (
      <>
        <Heading title={t('linking.title')} />
        {failure === null ? <p role="status">{t('loading')}</p> : <Notice kind="care">{failure}</Notice>}
        {failure !== null && (
          <button type="button" class="button" onClick={end}>
            {t('linking.decline')}
          </button>
        )}
      </>
    );
  if (found === 'over')
    return (
      <>
        <Heading title={t('linking.overTitle')} lead={t('linking.over')} />
        <button type="button" class="button primary" onClick={end}>
          {t('linking.goOn')}
        </button>
      </>
    );
  const { connection, issuer, account, name, email } = found;
  return (
    <>
      <Heading
        title={t('linking.ask', { name: connection.name })}
        lead={t('linking.lead', { name: connection.name, email })}
      />
      <dl class="facts">
        <dt>{t('linking.account')}</dt>
        <dd>{name === null ? account : t('linking.owned', { account, name })}</dd>
        <dt>{t('linking.issuer')}</dt>
        <dd>{issuer}</dd>
        <dt>{t('linking.here')}</dt>
        <dd>{email}</dd>
      </dl>
      <Notice kind="care">{t('linking.care', { name: connection.name })}</Notice>
      <div class="choices">
        <Form
          submit={t('linking.submit')}
          submitting={t('linking.submitting')}
          send={async () => {
            await postSignedIn('/api/v1/auth/link', { token });
            end();
          }}
        >
          {() => null}
        </Form>
        <Form
          quiet
          submit={t('linking.decline')}
          submitting={t('loading')}
          send={async () => {
            await postSignedIn('/api/v1/auth/link/decline', { token }).catch(() => undefined);
            end();
          }}
        >
          {() => null}
        </Form>
      </div>
    </>
  );
}
