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

/**
 * Puts what the server answered into words, and to the fields that it speaks of. Judged by the code alone.
 *
 * @param isShown whether a field is on the page: of others the message tells, or nobody would.
 */
export function readFailure(error: unknown, isShown: (field: string) => boolean = () => false): Failure {
  if (error instanceof PasskeyError) return { ...noFailure, message: t(`passkey.${error.reason}`) };
  if (!(error instanceof ProblemError)) return { ...noFailure, message: t('problem.network') };
  const { problem, retryAfter } = error;
  const known = hasText(`problem.${problem.code}`);
  const message = known ? t(`problem.${problem.code}`) : t('problem.unknown', { title: problem.title });
  const retryAt = retryAfter === null ? null : Date.now() + retryAfter * 1000;
  const told = (texts: Record<string, string>) =>
    Object.fromEntries(Object.entries(texts).filter(([field]) => isShown(field)));
  const about = ofCode(problem.code, message);
  if (about) {
    const fields = told(about);
    return { ...noFailure, fields, message: Object.keys(fields).length > 0 ? null : message };
  }
  const fields = told(
    Object.fromEntries(
      (problem.errors ?? []).map((entry) => [
        entry.path.split('/').at(-1) ?? '',
        t('problem.fieldInvalid', { message: entry.message }),
      ]),
    ),
  );
  const correlationId = problem.status >= 500 && !retryAfter ? (problem.correlationId ?? null) : null;
  return { message: Object.keys(fields).length > 0 ? null : message, fields, retryAt, correlationId };
}

/** The fields that a code speaks of by itself. */
function ofCode(code: string, message: string): Record<string, string> | undefined {
  if (code.startsWith('password.')) return { password: message };
  if (code === 'auth.mfa_failed' || code === 'factors.code_wrong')
    return { totp_code: message, backup_code: t('second.backupWrong') };
  if (code === 'auth.mail_code_wrong') return { code: message };
  return undefined;
}
