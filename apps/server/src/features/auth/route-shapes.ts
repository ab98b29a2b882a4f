// What the routes of this feature have in common.
import type { ErrorCode } from '@gatehouse/contracts';
import { Type } from 'typebox';

export const NoContent = Type.Null({ description: 'Done.' });

/** Of a route without a session that a page asks. */
export const OF_PAGE = ['request.invalid', 'auth.origin_refused', 'rate.limited'] satisfies ErrorCode[];

/** Of a route for whoever is signed in. */
export const OF_SESSION = [
  'auth.unauthenticated',
  'auth.session_expired',
  'auth.csrf_refused',
  'rate.limited',
] satisfies ErrorCode[];

/** Where a new password is judged and hashed. */
export const OF_NEW_PASSWORD = [
  'password.too_weak',
  'password.too_long',
  'password.too_common',
  'password.too_personal',
  'password.breached',
  'auth.busy',
] satisfies ErrorCode[];

/** Where the present password is asked for, of whoever is signed in. */
export const OF_PRESENT_PASSWORD = [
  'password.current_wrong',
  'auth.sso_required',
  'auth.account_locked',
] satisfies ErrorCode[];

/** Of a route by the session token of a sign-in that waits. */
export const OF_PENDING = [
  ...OF_PAGE,
  'auth.mfa_session_invalid',
  'auth.client_unknown',
] satisfies ErrorCode[];

/** Of a route that asks for a recent proof. */
export const OF_STEP_UP = [
  ...OF_SESSION,
  'request.invalid',
  'auth.insufficient_user_authentication',
] satisfies ErrorCode[];
