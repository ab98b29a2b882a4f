/**
 * Every column of the database that can hold content (text, JSON, bytes), and where an export of a person has it, or why not. A test
 * holds this against the catalog of a migrated database, so that no column can come without a decision
 * (apps/server/test/standing/personal-data.test.ts); `docs/security/personal-data.md` is made from it.
 */
export type Place = { readonly in: string } | { readonly out: string };

const at = (path: string): Place => ({ in: path });
const without = (reason: string): Place => ({ out: reason });

const NOBODY = without('Says nothing of a person.');
const ID = without(
  'An id that only this service gives a meaning; it stands in the export where the thing does.',
);
const SECRET = without('A secret, or the hash or seal of one: whoever had it could come in by it.');
const KEYED = without(
  'A keyed hash of an address, by which the service finds or counts it; the address itself is in the export.',
);
const ON_ITS_WAY = without(
  'Mail to the person that has not left yet; it is gone from here as soon as the mailbox has it.',
);
const RULES = without('Rules that a tenant has written, about kinds of people and things.');
const LOG_OF_PERMITS = without(
  'Which permission let a request pass, by ids and names of routes. What the person did stands in `records`.',
);

const INVITED = without(
  'An address that a tenant has typed, and that nobody has accepted with: nothing ties it to an account. It goes 30 days after it was accepted, was taken back or has expired, and with an erasure at once.',
);

export const PERSONAL_COLUMNS: Readonly<Record<string, Readonly<Record<string, Place>>>> = {
  api_keys: {
    name: at('apiKeys[].name'),
    hash: SECRET,
    shown_as: at('apiKeys[].shownAs'),
    scopes: at('apiKeys[].scopes'),
    allowed_addresses: at('apiKeys[].allowedAddresses'),
  },
  anonymous_denials: { route: NOBODY, code: NOBODY },
  audit_keys: { kid: NOBODY, public_key: NOBODY, private_sealed: SECRET, status: NOBODY },
  audit_records: {
    action: at('records[].action'),
    actor_kind: at('records[].actor.kind'),
    resource_type: at('records[].resource.type'),
    resource_id: at('records[].resource.id'),
    before: at('records[].before'),
    after: at('records[].after'),
    context: at('records[].ip'),
    personal: without(
      'The sealed values of a record; those that speak of the person stand in their places in `records`, and of others none does.',
    ),
    correlation_id: at('records[].correlationId'),
  },
  audit_retention: { checkpoint: NOBODY },
  audit_seals: { prev_hash: NOBODY, hash: NOBODY },
  audit_subtrees: { hash: NOBODY },
  audit_trees: { frontier: NOBODY, last_hash: NOBODY, checkpoint: NOBODY },
  catalog_permissions: { name: NOBODY, service: NOBODY, description: NOBODY },
  catalog_services: { service: NOBODY, resources: NOBODY },
  clients: {
    client_id: NOBODY,
    name: NOBODY,
    kind: NOBODY,
    token_mode: NOBODY,
    redirect_uris: NOBODY,
    origins: NOBODY,
    cookie_domain: NOBODY,
    limits: NOBODY,
    status: NOBODY,
    namespace: NOBODY,
  },
  client_secrets: { hash: SECRET },
  closed_invitations: { email: INVITED, email_key: INVITED, roles: NOBODY, outcome: NOBODY },
  connections: {
    scope: NOBODY,
    kind: NOBODY,
    name: NOBODY,
    issuer: NOBODY,
    settings: NOBODY,
    secret_sealed: SECRET,
    status: NOBODY,
  },
  consents: {
    purpose: at('consents[].purpose'),
    version: at('consents[].version'),
    state: at('consents[].state'),
    evidence: at('consents[].ip'),
    correlation_id: at('consents[].correlationId'),
  },
  credentials: {
    kind: at('credentials[].kind'),
    label: at('credentials[].label'),
    secret_sealed: SECRET,
    passkey_index: without(
      'A keyed hash of the id that a passkey goes by, to find it; the passkey itself is in its owner’s hand.',
    ),
  },
  decisions: {
    permission: LOG_OF_PERMITS,
    resource: LOG_OF_PERMITS,
    decision: LOG_OF_PERMITS,
    reason: LOG_OF_PERMITS,
    policy_version: LOG_OF_PERMITS,
    correlation_id: LOG_OF_PERMITS,
  },
  external_identities: {
    issuer: at('externalIdentities[].issuer'),
    subject: at('externalIdentities[].subject'),
    linked_by: at('externalIdentities[].linkedBy'),
  },
  groups: { name: at('membership.groups[].name'), description: NOBODY },
  installation: { key_check_sealed: SECRET, index_key_sealed: SECRET },
  invitations: { email: INVITED, email_key: INVITED },
  login_identifiers: { email_key: at('signInAddresses') },
  login_role: { password_sealed: SECRET },
  login_throttles: { key: KEYED },
  one_time_tokens: {
    purpose: at('links[].purpose'),
    hash: SECRET,
    payload_sealed: without(
      'What a mailed link carries: an address that the person asked for, until it is confirmed or the link is a week over. The asking is in `records`.',
    ),
    address: KEYED,
  },
  outbox: {
    topic: NOBODY,
    type: ON_ITS_WAY,
    payload_sealed: ON_ITS_WAY,
    address: KEYED,
    correlation_id: ON_ITS_WAY,
    span_id: ON_ITS_WAY,
    last_error: ON_ITS_WAY,
  },
  policies: { name: NOBODY, description: RULES, draft: RULES },
  policy_versions: { document: RULES },
  permission_uses: { permission: LOG_OF_PERMITS, used_on: LOG_OF_PERMITS },
  principals: {
    kind: NOBODY,
    status: at('membership.status'),
    role_names: without('What the assignments say, kept beside for speed; they are in `membership.roles`.'),
  },
  rate_limits: {
    key: without(
      'Counters: keyed hashes of addresses for a day at most, and network addresses for a minute, whoever used them.',
    ),
  },
  remembered_devices: { secret_hash: SECRET, user_agent: at('rememberedDevices[].userAgent') },
  revocations: { kind: ID, client_id: ID },
  role_assignments: { via: at('membership.roles[].via') },
  role_permissions: { permission: NOBODY },
  roles: {
    name: at('membership.roles[].role'),
    title: NOBODY,
    description: NOBODY,
    role_group: NOBODY,
  },
  saml_message_ids: { id_hash: NOBODY },
  sessions: {
    client_id: at('sessions[].clientId'),
    family_secret_hash: SECRET,
    agent_hash: without('A hash of the browser’s own name, which is in the export.'),
    amr: at('sessions[].amr'),
    ip: at('sessions[].ip'),
    user_agent: at('sessions[].userAgent'),
    end_reason: at('sessions[].endReason'),
  },
  signing_keys: {
    kid: NOBODY,
    alg: NOBODY,
    public_jwk: NOBODY,
    private_sealed: SECRET,
    status: NOBODY,
    purpose: NOBODY,
  },
  subject_keys: { subject_id: ID, key_sealed: SECRET, address: KEYED },
  tenant_domains: { domain: NOBODY, challenge: NOBODY },
  tenant_logos: { digest: NOBODY, image: NOBODY },
  tenants: {
    type: at('tenant.type'),
    status: NOBODY,
    name: at('tenant.name'),
    name_key: NOBODY,
    slug: NOBODY,
    settings: NOBODY,
  },
  users: {
    email: at('person.email'),
    email_key: without(
      'The address in the form in which it is compared; the address itself is in the export.',
    ),
    name: at('person.name'),
    name_key: without('The name in the form in which lists are ordered; the name itself is in the export.'),
    status: at('person.status'),
  },
};
