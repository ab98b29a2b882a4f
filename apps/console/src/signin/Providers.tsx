/** @jsxImportSource preact */
import type { OfferedConnection } from '@gatehouse/contracts';
import { pendingLink, query } from './address.ts';
import { Notice } from './Frame.tsx';
import { hasText, t } from './text.ts';

/** Where a provider's button leads, and then on to where the person wanted to go, past what waits for their word. */
export function providerAddress(signInPath: string): string {
  const wanted = query().get('returnTo');
  const asks = `/signin/link${wanted ? `?${new URLSearchParams({ returnTo: wanted })}` : ''}`;
  const returnTo = pendingLink() === null ? wanted : asks;
  return returnTo ? `${signInPath}?${new URLSearchParams({ returnTo })}` : signInPath;
}

/** What went wrong at an identity provider, by the code that the server sent the person back with. */
export function ProviderProblem() {
  const code = query().get('problem');
  if (code === null) return null;
  const known = hasText(`problem.${code}`) ? t(`problem.${code}`) : t('signin.problem');
  return <Notice kind="care">{known}</Notice>;
}

/** Ways in by identity providers: links, so that they work as links do. */
export function Providers({ connections }: { connections: readonly OfferedConnection[] }) {
  return (
    <>
      {connections.map(({ id, name, signInPath }) => (
        <a key={id} class="button" href={providerAddress(signInPath)}>
          {t('signin.by', { name })}
        </a>
      ))}
    </>
  );
}
