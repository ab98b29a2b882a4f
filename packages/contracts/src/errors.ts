/**
 * The error catalogue: every problem (RFC 9457) that Gatehouse answers with, by its stable dotted code.
 *
 * Codes are a public contract: they are never renamed and never given another meaning. Clients match the code, never
 * the words.
 */
export const ERRORS = {
  'request.invalid': { status: 400, title: 'The request is not valid' },
  'request.malformed': { status: 400, title: 'The body could not be read' },
  'request.too_large': { status: 413, title: 'The body is too large' },
  'request.unsupported_media_type': { status: 415, title: 'The body must be application/json' },
  'request.not_acceptable': { status: 406, title: 'The answer does not come in the form that was asked for' },
  'request.cursor_invalid': { status: 400, title: 'The cursor is not valid for this list' },
  'route.not_found': { status: 404, title: 'There is nothing at this address' },
  'resource.not_found': { status: 404, title: 'Not found' },
  'auth.unauthenticated': { status: 401, title: 'Sign in first' },
  'auth.token_invalid': { status: 401, title: 'The access token is not valid' },
  'auth.session_expired': { status: 401, title: 'The session has ended' },
  'auth.invalid_credentials': { status: 401, title: 'The address or the password is not right' },
  'auth.account_locked': { status: 423, title: 'Too many failed attempts: sign-in is locked for a while' },
  'auth.client_unknown': { status: 400, title: 'No such client' },
  'auth.client_not_allowed': { status: 403, title: 'This account may not use this client' },
  'auth.registration_closed': { status: 403, title: 'Registration is closed here' },
  'auth.sso_required': { status: 403, title: 'This deployment takes single sign-on only' },
  'auth.link_invalid': { status: 400, title: 'The link has been used, has expired or is not complete' },
  'auth.setup_done': { status: 409, title: 'This deployment already has an administrator' },
  'auth.busy': { status: 503, title: 'Too many sign-ins at this moment' },
  'auth.origin_refused': { status: 403, title: 'The request came from a page of another origin' },
  'auth.csrf_refused': { status: 403, title: 'The CSRF token is missing or is not the one of this session' },
  'transport.insecure': { status: 403, title: 'This port is not for plain HTTP' },
  'access.denied': { status: 403, title: 'You may not do this' },
  'access.grant_exceeds_own': { status: 403, title: 'Nobody can grant what they do not hold' },
  'password.too_weak': { status: 400, title: 'The password does not meet the rules' },
  'password.current_wrong': { status: 400, title: 'The current password is not right' },
  'password.too_long': { status: 400, title: 'The password is longer than 72 bytes' },
  'rate.limited': { status: 429, title: 'Too many requests' },
  'users.email_in_use': { status: 409, title: 'This address is in use already' },
  'users.email_unchanged': { status: 409, title: 'This is the address of the account already' },
  'users.email_verified': { status: 409, title: 'The address is confirmed already' },
  'users.last_administrator': { status: 409, title: 'A tenant keeps at least one active administrator' },
  'users.not_invited': { status: 409, title: 'This user has already set a password' },
  'users.self_forbidden': { status: 409, title: 'You cannot do this to your own account' },
  'memberships.exists': { status: 409, title: 'This user is already a member' },
  'memberships.home_fixed': { status: 409, title: 'The membership in the home tenant goes with the user' },
  'roles.unknown': { status: 400, title: 'No such role' },
  'roles.root_only': { status: 403, title: 'This role exists in the root tenant only' },
  'tenants.slug_in_use': { status: 409, title: 'Another tenant has this slug' },
  'tenants.root_fixed': { status: 409, title: 'The root tenant cannot be suspended or deleted' },
  'tenants.not_a_partner': { status: 403, title: 'Only the platform and its partners open tenants' },
  'tenants.not_suspended': { status: 409, title: 'Suspend the tenant before deleting it' },
  'tenants.has_customers': { status: 409, title: 'The tenant still has customers' },
  'clients.client_id_in_use': { status: 409, title: 'Another client has this client_id' },
  'clients.built_in': { status: 409, title: 'The built-in console client stays in service' },
  'service.unavailable': { status: 503, title: 'The service cannot answer right now' },
  'service.fault': { status: 500, title: 'Something went wrong on our side' },
} as const satisfies Record<string, { status: number; title: string }>;

/** A stable dotted code of the catalogue, for instance `auth.invalid_credentials`. */
export type ErrorCode = keyof typeof ERRORS;
