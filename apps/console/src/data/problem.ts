import { ProblemError } from '@gatehouse/browser';
import { PasskeyError } from '../passkeys.ts';
import { hasText, t } from '../text.ts';

/** What went wrong, in words for the person; by the code of the problem, never by its prose. */
export function sayProblem(error: unknown): string {
  if (error instanceof PasskeyError) return t(`passkey.${error.reason}`);
  if (!(error instanceof ProblemError)) return t('problem.network');
  const { code, title, correlationId } = error.problem;
  if (hasText(`problem.${code}`)) return t(`problem.${code}`);
  return error.status >= 500 && correlationId ? t('problem.withId', { title, id: correlationId }) : title;
}

/** Problems that speak of one field although they do not name it. */
const fieldOfCode: Readonly<Record<string, string>> = {
  'users.email_in_use': 'email',
  'users.email_domain_refused': 'email',
  'users.email_unchanged': 'newEmail',
  'password.current_wrong': 'currentPassword',
  'password.too_weak': 'newPassword',
  'password.too_long': 'newPassword',
  'password.too_common': 'newPassword',
  'password.too_personal': 'newPassword',
  'password.breached': 'newPassword',
};

/** The faults by field, for a form. */
export function faultsByField(error: unknown): Record<string, string> {
  if (!(error instanceof ProblemError)) return {};
  const field = fieldOfCode[error.code];
  if (field !== undefined) return { [field]: sayProblem(error) };
  return Object.fromEntries(
    (error.problem.errors ?? []).map(({ path, message }) => [
      // Of what stands in a list, the list is the field.
      path.split('/').findLast((part) => !/^\d+$/.test(part)) ?? '',
      message,
    ]),
  );
}
