/** @jsxImportSource preact */
import { Heading, PageLink } from '../Frame.tsx';
import { t } from '../text.ts';

export function SignedOut() {
  return (
    <>
      <Heading title={t('signedOut.title')} lead={t('signedOut.lead')} />
      <PageLink to="/signin" button>
        {t('signedOut.again')}
      </PageLink>
    </>
  );
}
