/** @jsxImportSource preact */
import { Heading, PageLink } from '../Frame.tsx';
import { t } from '../text.ts';

/** A page that lives by the token of its link, opened without one or loaded a second time. */
export function IncompleteLink() {
  return (
    <>
      <Heading title={t('link.missingTitle')} lead={t('link.missing')} />
      <PageLink to="/signin" button>
        {t('link.toSignin')}
      </PageLink>
    </>
  );
}
