import { ERRORS } from '@gatehouse/contracts';

/** The codes of `@gatehouse/contracts` that a guarded route answers with by itself. */
export type AccessCode =
  | 'auth.unauthenticated'
  | 'auth.token_invalid'
  | 'auth.session_expired'
  | 'auth.insufficient_user_authentication'
  | 'access.denied'
  | 'service.unavailable';

/** Problem details (RFC 9457 §3.1) in the form of Gatehouse: match `code`, never the words. */
export interface ProblemDocument {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: AccessCode;
  readonly detail: string;
  /** The first permission that the caller would have needed. */
  readonly missingPermission?: string;
}

/**
 * A request that is not let in, with the whole answer: status, headers and problem details. Adapters answer it; whoever uses the SDK
 * without one does so too.
 *
 * - 401: nobody is known to be calling, or they must prove more (RFC 6750 §3.1, RFC 9470 §3).
 * - 403: it is known who is calling, and they may not.
 * - 503: nobody can say at this moment. Not 401, which signs people out.
 *
 * @example
 * ```ts
 * try {
 *   await gatehouse.admit(permissions('invoices:read'), { authorization });
 * } catch (error) {
 *   if (!(error instanceof AccessProblem)) throw error;
 *   return new Response(JSON.stringify(error.document), { status: error.status, headers: error.headers });
 * }
 * ```
 */
export class AccessProblem extends Error {
  override readonly name = 'AccessProblem';
  readonly code: AccessCode;
  readonly status: number;
  /** Of the answer, names in lower case: `content-type`, and `www-authenticate` or `retry-after`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly document: ProblemDocument;

  constructor(
    code: AccessCode,
    detail: string,
    options: { headers?: Record<string, string>; missingPermission?: string; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause });
    const { status, title } = ERRORS[code];
    const { missingPermission } = options;
    this.code = code;
    this.status = status;
    this.headers = {
      'content-type': 'application/problem+json; charset=utf-8',
      // RFC 9111 §3.5: what one caller was refused must not be kept for the next.
      'cache-control': 'no-store',
      ...options.headers,
    };
    this.document = {
      type: 'about:blank',
      title,
      status,
      code,
      detail,
      ...(missingPermission !== undefined && { missingPermission }),
    };
  }
}

/** RFC 6750 §3: without credentials, the challenge says nothing but its scheme. */
export const unauthenticated = () =>
  new AccessProblem('auth.unauthenticated', 'Send an access token: Authorization: Bearer …', {
    headers: { 'www-authenticate': 'Bearer' },
  });

/** RFC 6750 §3.1. SECURITY: which of the checks failed is nobody's business who could use it to try the next. */
export const invalidToken = () =>
  new AccessProblem(
    'auth.token_invalid',
    'The access token is malformed, expired or not for this service; renew it.',
    { headers: { 'www-authenticate': 'Bearer error="invalid_token"' } },
  );

export const endedToken = () =>
  new AccessProblem(
    'auth.session_expired',
    'What the access token was given for has ended or changed; renew it.',
    {
      headers: { 'www-authenticate': 'Bearer error="invalid_token", error_description="ended or changed"' },
    },
  );

/** @param scope - what would have opened the route, if anything that can be named (RFC 6750 §3.1, spec R7). */
export const denied = (detail: string, scope?: readonly string[], missingPermission?: string) =>
  new AccessProblem('access.denied', detail, {
    ...(missingPermission !== undefined && { missingPermission }),
    ...(scope && {
      headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope.join(' ')}"` },
    }),
  });

/** RFC 9470 §3, in the form that `@gatehouse/browser` answers by asking for the proof. */
export const insufficientAuthentication = (acr: string, maxAge: number | undefined) =>
  new AccessProblem(
    'auth.insufficient_user_authentication',
    'Prove once more that it is you (POST /api/v1/auth/step-up at Gatehouse); then ask again.',
    {
      headers: {
        'www-authenticate':
          'Bearer error="insufficient_user_authentication", error_description="A more recent or stronger authentication is required", ' +
          `acr_values="${acr}"${maxAge === undefined ? '' : `, max_age="${maxAge}"`}`,
      },
    },
  );

/** RFC 9110 §15.6.4. */
export const unavailable = (cause?: unknown) =>
  new AccessProblem(
    'service.unavailable',
    'Whether this access token still counts cannot be found out at this moment; try again shortly.',
    { headers: { 'retry-after': '2' }, cause },
  );
