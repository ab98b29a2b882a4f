import type { Consent } from '@gatehouse/contracts';
import type { TenantTx } from '../../platform/database/index.ts';
import type { RequestContext } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import type { Deps } from '../deps.ts';
import type { ConsentRow, SealedEvidence } from './consents.repo.ts';

/** From where somebody decided: sealed under their key, since a row that nobody can change could not be erased otherwise. */
export async function sealEvidence(
  { subjectKeys }: Pick<Deps, 'subjectKeys'>,
  tx: TenantTx,
  userId: UserId,
  request: RequestContext | undefined,
): Promise<SealedEvidence | null> {
  if (request === undefined) return null;
  const subject = { tenantId: tx.tenantId, id: userId };
  const { hash, sealed } = await subjectKeys.seal(
    tx,
    subject,
    'consent',
    JSON.stringify([request.ip, request.userAgent]),
  );
  return { h: hash, c: sealed };
}

/** An entry as its readers see it; address and browser are null once the person is erased. */
export async function describeConsent(
  { subjectKeys }: Pick<Deps, 'subjectKeys'>,
  tx: TenantTx,
  row: ConsentRow,
): Promise<Consent> {
  const evidence = row.evidence as SealedEvidence | null;
  const subject = { tenantId: tx.tenantId, id: row.user_id };
  const opened = evidence && (await subjectKeys.open(tx, subject, 'consent', evidence.h, evidence.c));
  const [ip, userAgent] = opened ? (JSON.parse(opened.value) as [string, string]) : [null, null];
  return {
    id: row.id,
    userId: row.user_id,
    purpose: row.purpose,
    version: row.version,
    state: row.state,
    current: row.is_current,
    time: row.occurred_at.toISOString(),
    ip,
    userAgent,
    correlationId: row.correlation_id,
  };
}
