/** @jsxImportSource preact */
import { Heading } from '../Frame.tsx';
import { t } from '../text.ts';

/** Where the browser drops secure cookies, a form that silently fails would be worse than none. */
export function Insecure() {
  return (
    <>
      <Heading title={t('insecure.title')} lead={t('insecure.why', { host: location.host })} />
      <p>{t('insecure.what')}</p>
      <pre>
        <code>
          {t('insecure.command', {
            address: `http://localhost${location.port === '' ? '' : `:${location.port}`}`,
          })}
        </code>
      </pre>
      <p>{t('insecure.tlsDev')}</p>
      <pre>
        <code>{t('insecure.tlsDevCommand', { host: location.host })}</code>
      </pre>
      <p class="soft">{t('insecure.production')}</p>
    </>
  );
}
