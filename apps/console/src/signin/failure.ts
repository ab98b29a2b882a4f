import { ProblemError } from '@gatehouse/browser';
import { PasskeyError } from '../passkeys.ts';
import { hasText, t } from './text.ts';

/** A failed attempt, in the words for the person. */
export interface Failure {
  readonly message: string | null;
  /** By the name of the field. */
  readonly fields: Readonly<Record<string, string>>;
  /** When another attempt makes sense, in milliseconds since 1970. */
  readonly retryAt: number | null;
  readonly correlationId: string | null;
}

export const noFailure: Failure = { message: null, fields: {}, retryAt: null, correlationId: null };

/** Puts what the server answered into words, and to the fields that it speaks of. Judged by the code alone. */
export function readFailure(error: unknown): Failure {
  if (error instanceof PasskeyError) return { ...noFailure, message: t(`passkey.${error.reason}`) };
  if (!(error instanceof ProblemError)) return { ...noFailure, message: t('problem.network') };
  const { problem, retryAfter } = error;
  const known = hasText(`problem.${problem.code}`);
  const message = known ? t(`problem.${problem.code}`) : t('problem.unknown', { title: problem.title });
  const retryAt = retryAfter === null ? null : Date.now() + retryAfter * 1000;
  if (problem.code.startsWith('password.')) return { ...noFailure, fields: { password: message } };
  if (problem.code === 'auth.mfa_failed' || problem.code === 'factors.code_wrong')
    return { ...noFailure, fields: { totp_code: message, backup_code: message } };
  const fields = Object.fromEntries(
    (problem.errors ?? []).map((entry) => [
      entry.path.split('/').at(-1) ?? '',
      t('problem.fieldInvalid', { message: entry.message }),
    ]),
  );
  const correlationId = problem.status >= 500 && !retryAfter ? (problem.correlationId ?? null) : null;
  return { message: Object.keys(fields).length > 0 ? null : message, fields, retryAt, correlationId };
}
