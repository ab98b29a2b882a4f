import { randomSecret, sha256 } from '../../../platform/crypto/index.ts';
import type { TenantTx } from '../../../platform/database/index.ts';
import type { RequestContext } from '../../../platform/http/index.ts';
import type { AuditEntry } from '../../audit/index.ts';
import type { Deps } from '../../deps.ts';
import type { UserId } from '../../../platform/ids.ts';
import { forgetDevices, insertRememberedDevice, isRemembered } from '../../sessions/index.ts';

/** The cookie: a secret for each account that is remembered in this browser, the newest first. */
const SECRET = /^[A-Za-z0-9_-]{43}$/;
const MAX_ACCOUNTS = 5;

const secretsIn = (cookie: string | undefined): string[] =>
  (cookie ?? '')
    .split('.')
    .filter((secret) => SECRET.test(secret))
    .slice(0, MAX_ACCOUNTS);

export interface RememberedCookie {
  value: string;
  days: number;
}

/** Remembers this browser for the user, and answers the cookie. The secret is new each time; what is stored is its hash. */
export async function rememberDeviceOf(
  deps: Deps,
  tx: TenantTx,
  of: { userId: UserId; actor: AuditEntry['actor']; cookie: string | undefined; days: number },
  request: RequestContext,
): Promise<RememberedCookie> {
  const { userId, actor, cookie, days } = of;
  const secret = randomSecret(32).toString('base64url');
  const now = deps.clock.now();
  const expiresAt = new Date(now.getTime() + days * 86_400_000);
  await insertRememberedDevice(tx, {
    userId,
    secretHash: sha256(secret),
    userAgent: request.userAgent,
    now,
    expiresAt,
  });
  await deps.audit.record(tx, {
    action: 'device_remembered',
    actor,
    resource: { type: 'user', id: userId },
    after: { until: expiresAt.toISOString() },
    request,
  });
  return { value: [secret, ...secretsIn(cookie)].slice(0, MAX_ACCOUNTS).join('.'), days };
}

/** Whether this browser is remembered for the user. */
export const isDeviceRemembered = (
  tx: TenantTx,
  userId: UserId,
  cookie: string | undefined,
  within: { days: number; now: Date },
): Promise<boolean> =>
  isRemembered(
    tx,
    userId,
    secretsIn(cookie).map((secret) => sha256(secret)),
    within,
  );

/** Forgets the browsers of a user on the owner's own wish. */
export async function forgetOwnDevices(
  deps: Deps,
  tx: TenantTx,
  { userId, actor }: { userId: UserId; actor: AuditEntry['actor'] },
  request: RequestContext,
): Promise<number> {
  const forgotten = await forgetDevices(tx, userId);
  if (forgotten > 0)
    await deps.audit.record(tx, {
      action: 'devices_forgotten',
      actor,
      resource: { type: 'user', id: userId },
      after: { forgotten },
      request,
    });
  return forgotten;
}
