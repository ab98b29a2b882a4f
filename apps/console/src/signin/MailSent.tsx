/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import { Heading } from './Frame.tsx';
import { t } from './text.ts';

/** After a form that mails a link: where to look for it, and the way back to the form. */
export function MailSent({
  title,
  lead,
  notArrived,
  devMailUrl,
  onAgain,
  form,
  children,
}: {
  readonly title: string;
  readonly lead: string;
  readonly notArrived: string;
  readonly devMailUrl: string | null | undefined;
  readonly onAgain: () => void;
  /** What to do with the mail here. */
  readonly form?: ComponentChildren;
  readonly children?: ComponentChildren;
}) {
  useLayoutEffect(() => document.querySelector<HTMLElement>('h1')?.focus(), []);
  return (
    <>
      <Heading title={title} lead={lead} />
      {devMailUrl && (
        <a class="button" href={devMailUrl} target="_blank" rel="noreferrer">
          {t('register.devMail')}
        </a>
      )}
      {form}
      <div class="after">
        <p>
          {notArrived}{' '}
          <button type="button" class="link" onClick={onAgain}>
            {t('register.again')}
          </button>
          .
        </p>
        {children}
      </div>
    </>
  );
}
