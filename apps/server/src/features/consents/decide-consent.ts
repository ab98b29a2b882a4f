import type { Consent } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import { Problem, type RequestContext } from '../../platform/http/index.ts';
import { newId, type UserId } from '../../platform/ids.ts';
import type { AuditEntry } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { holdUser, insertConsent, loadCurrentConsent } from './consents.repo.ts';
import { describeConsent, sealEvidence } from './evidence.ts';

/** Whose consent, and who says so: the person, or an operator who was written to. */
export interface ConsentOf {
  userId: UserId;
  actor: AuditEntry['actor'];
  request: RequestContext | undefined;
}

/**
 * Notes down that somebody consents to a purpose, by the version of the text that they saw. What is granted already stays as it
 * is: the entry that counts is answered, and the trail does not grow.
 *
 * @throws {Problem} `resource.not_found`
 */
export async function grantConsent(
  deps: Deps,
  tx: TenantTx,
  of: ConsentOf,
  { purpose, version }: { purpose: string; version: string },
): Promise<{ consent: Consent; isNew: boolean }> {
  await checkUser(tx, of.userId);
  const before = await loadCurrentConsent(tx, of.userId, purpose);
  if (before?.state === 'granted' && before.version === version)
    return { consent: await describeConsent(deps, tx, before), isNew: false };
  return { consent: await append(deps, tx, of, { purpose, version, state: 'granted', before }), isNew: true };
}

/**
 * Takes a consent back, as easily as it was given (GDPR Art. 7(3)). What was done by it before stays lawful, and on record.
 *
 * @throws {Problem} `resource.not_found`, `consents.not_granted`
 */
export async function withdrawConsent(
  deps: Deps,
  tx: TenantTx,
  of: ConsentOf,
  purpose: string,
): Promise<Consent> {
  await checkUser(tx, of.userId);
  const before = await loadCurrentConsent(tx, of.userId, purpose);
  if (before?.state !== 'granted')
    throw new Problem('consents.not_granted', {
      detail: 'There is no consent to this purpose to take back.',
    });
  return append(deps, tx, of, { purpose, version: before.version, state: 'withdrawn', before });
}

async function checkUser(tx: TenantTx, userId: UserId): Promise<void> {
  if (!(await holdUser(tx, userId)))
    throw new Problem('resource.not_found', { detail: 'There is no such user in this tenant.' });
}

async function append(
  deps: Deps,
  tx: TenantTx,
  { userId, actor, request }: ConsentOf,
  of: {
    purpose: string;
    version: string;
    state: 'granted' | 'withdrawn';
    before: { state: string; version: string } | undefined;
  },
): Promise<Consent> {
  const { purpose, version, state, before } = of;
  const [id, now] = [newId(), deps.clock.now()];
  const correlationId = request?.correlationId ?? id.replaceAll('-', '');
  const evidence = await sealEvidence(deps, tx, userId, request);
  await insertConsent(tx, { id, userId, purpose, version, state, evidence, correlationId, now });
  await deps.audit.record(tx, {
    action: state === 'granted' ? 'consent_granted' : 'consent_withdrawn',
    actor,
    resource: { type: 'user', id: userId },
    before: before ? { purpose, version: before.version, state: before.state } : null,
    after: { purpose, version, state, consent: id },
    request,
  });
  return {
    id,
    userId,
    purpose,
    version,
    state,
    current: true,
    time: now.toISOString(),
    ip: request?.ip ?? null,
    userAgent: request?.userAgent ?? null,
    correlationId,
  };
}
