/** @jsxImportSource preact */
import { Heading } from '../Frame.tsx';
import { t } from '../text.ts';

/** At an address that nothing answers to: a link that was typed or copied wrongly. */
export function NotFound() {
  return (
    <>
      <Heading title={t('notFound.title')} lead={t('notFound.text')} />
      {/* Loaded anew: whoever is signed in comes to their own page, everybody else to sign-in. */}
      <a class="button" href="/">
        {t('notFound.home')}
      </a>
    </>
  );
}
