import { Problem } from '../../platform/http/index.ts';
import type { Config } from '../../config/index.ts';
import type { KnownClient } from '../clients/index.ts';

/**
 * Where somebody goes on after signing in: a path of our own pages, or an address of an origin that the client names.
 *
 * SECURITY: an open redirect would let a stranger's link end on a stranger's page right after a real sign-in (threat 59). Judged
 * twice: as written (`//host`, backslashes and control characters are how browsers are talked into another host) and as a browser
 * resolves it.
 *
 * @throws {Problem} `request.invalid`
 */
export function checkReturnAddress(
  config: Pick<Config, 'publicUrl'>,
  client: Pick<KnownClient, 'origins'>,
  value: string | undefined,
): string {
  const home = `${config.publicUrl}/`;
  if (value === undefined) return home;
  if (!hasTrick(value)) {
    const url = URL.parse(value, home);
    if (/^\/(?!\/)/.test(value) && url?.href.startsWith(home) === true) return url.href;
    const absolute = URL.parse(value);
    const isNamed =
      absolute !== null &&
      [config.publicUrl, ...client.origins].includes(absolute.origin) &&
      // As it is written, so that nothing that a browser would read otherwise passes.
      value.startsWith(`${absolute.origin}/`) &&
      absolute.href.startsWith(`${absolute.origin}/`);
    if (isNamed) return absolute.href;
  }
  const message = 'must be a path of this origin, or an address of an origin that the client names';
  throw new Problem('request.invalid', {
    detail: `querystring/returnTo ${message}.`,
    errors: [{ path: 'querystring/returnTo', message }],
  });
}

function hasTrick(value: string): boolean {
  return [...value].some(
    (char) => char === '\\' || char <= ' ' || (char >= '\u007f' && char <= '\u00a0') || char === '\u3000',
  );
}
