/** @jsxImportSource preact */
import type { OfferedConnection } from '@gatehouse/contracts';
import { query } from './address.ts';
import { t } from './text.ts';

/** Where a provider's button leads, and then on to where the person wanted to go. */
export function providerAddress(signInPath: string): string {
  const returnTo = query().get('returnTo');
  return returnTo ? `${signInPath}?${new URLSearchParams({ returnTo })}` : signInPath;
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
