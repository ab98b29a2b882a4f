import type { Config } from '../../../config/index.ts';
import { Problem } from '../../../platform/http/index.ts';

/** Who we are to authenticators (WebAuthn §4, relying party): one host and one origin, those of the deployment's own address. */
export interface RelyingParty {
  id: string;
  origin: string;
  name: string;
}

/** An address by number is no relying party (WebAuthn §5.1.3, step 7). */
const NUMBER = /^\[|^\d+(?:\.\d+){3}$/;

/**
 * SECURITY: from the settings and never from the request, so that no page of another host gets answers that count here, whatever it
 * puts into `Host` or `Origin`.
 */
export function loadRelyingParty(config: Pick<Config, 'publicUrl' | 'name'>): RelyingParty | undefined {
  const { hostname, origin } = new URL(config.publicUrl);
  return NUMBER.test(hostname) ? undefined : { id: hostname, origin, name: config.name };
}

/** @throws {Problem} `factors.passkeys_unavailable` */
export function getRelyingParty(config: Pick<Config, 'publicUrl' | 'name'>): RelyingParty {
  const found = loadRelyingParty(config);
  if (found === undefined)
    throw new Problem('factors.passkeys_unavailable', {
      detail: 'Open Gatehouse at the name of its host, and not at a numeric address.',
    });
  return found;
}
