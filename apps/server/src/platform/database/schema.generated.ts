/**
 * Made from a freshly migrated database by kysely-codegen (`node scripts/generate.mjs`): do not edit it.
 *
 * Longer than the 400 lines that a file of ours may have, on purpose: one entry for each table, in one module, as kysely
 * wants the schema, looked up by name and never read through.
 */

import type { ColumnType } from "kysely";

export type Generated<T> = T extends ColumnType<infer S, infer I, infer U>
  ? ColumnType<S, I | undefined, U>
  : ColumnType<T, T | undefined, T>;

export type Int8 = ColumnType<string, bigint | number | string, bigint | number | string>;

export type Json = JsonValue;

export type JsonArray = JsonValue[];

export type JsonObject = {
  [x: string]: JsonValue | undefined;
};

export type JsonPrimitive = boolean | number | string | null;

export type JsonValue = JsonArray | JsonObject | JsonPrimitive;

export type Timestamp = ColumnType<Date, Date | string, Date | string>;

export interface AnonymousDenials {
  code: string;
  count: Int8;
  minute: Timestamp;
  route: string;
}

export interface ApiKeys {
  allowed_addresses: Generated<string[]>;
  created_at: Timestamp;
  created_by: string;
  expires_at: Timestamp | null;
  hash: Buffer;
  id: string;
  last_used_at: Timestamp | null;
  name: string;
  owner_id: string;
  rotated_at: Timestamp | null;
  scopes: Generated<string[]>;
  shown_as: string;
  tenant_id: string;
}

export interface AuditKeys {
  created_at: Timestamp;
  kid: string;
  private_sealed: string;
  public_key: Buffer;
  status: string;
}

export interface AuditRecords {
  action: string;
  actor_id: string | null;
  actor_kind: string;
  actor_tenant_id: string | null;
  after: Json | null;
  before: Json | null;
  context: Json;
  correlation_id: string;
  id: string;
  occurred_at: Timestamp;
  personal: Generated<Json>;
  resource_id: string | null;
  resource_type: string;
  tenant_id: string;
}

export interface AuditRetention {
  checkpoint: string | null;
  days: number | null;
  removed_before: Timestamp | null;
  removed_below: Generated<Int8>;
  tenant_id: string;
  updated_at: Timestamp;
}

export interface AuditSeals {
  hash: Buffer;
  occurred_at: Timestamp;
  prev_hash: Buffer | null;
  record_id: string;
  seq: Int8;
  tenant_id: string;
}

export interface AuditSubtrees {
  hash: Buffer;
  level: number;
  place: Int8;
  tenant_id: string;
}

export interface AuditTrees {
  checkpoint: string;
  frontier: Buffer;
  last_hash: Buffer;
  signed_at: Timestamp;
  size: Int8;
  tenant_id: string;
}

export interface AuditUnsealed {
  occurred_at: Timestamp;
  record_id: string;
  tenant_id: string;
}

export interface CatalogPermissions {
  description: string;
  name: string;
  service: string;
  tenant_id: string;
}

export interface CatalogServices {
  registered_at: Timestamp;
  resources: Json;
  service: string;
  tenant_id: string;
  updated_at: Timestamp;
  version: number;
}

export interface Clients {
  client_id: string;
  cookie_domain: string | null;
  created_at: Timestamp;
  epoch: Generated<number>;
  id: string;
  kind: string;
  limits: Generated<Json>;
  name: string;
  namespace: string | null;
  origins: Generated<string[]>;
  redirect_uris: Generated<string[]>;
  status: Generated<string>;
  tenant_id: string;
  token_mode: string;
  updated_at: Timestamp;
}

export interface ClientSecrets {
  client_id: string;
  created_at: Timestamp;
  expires_at: Timestamp | null;
  hash: Buffer;
  id: string;
  tenant_id: string;
}

export interface ClosedInvitations {
  accepted_by: string | null;
  closed_at: Timestamp;
  created_at: Timestamp;
  email: string;
  email_key: string;
  expires_at: Timestamp;
  id: string;
  import_id: string | null;
  invited_by: string;
  invited_by_tenant: string;
  outcome: string;
  roles: string[];
  sent_at: Timestamp;
  tenant_id: string;
}

export interface Connections {
  author_principal_id: string | null;
  author_tenant_id: string | null;
  created_at: Timestamp;
  id: string;
  issuer: string;
  kind: string;
  name: string;
  scope: Generated<string>;
  secret_sealed: string | null;
  settings: Generated<Json>;
  status: Generated<string>;
  tenant_id: string;
  updated_at: Timestamp;
}

export interface Consents {
  correlation_id: string;
  evidence: Json | null;
  id: string;
  occurred_at: Timestamp;
  purpose: string;
  seq: Generated<Int8>;
  state: string;
  tenant_id: string;
  user_id: string;
  version: string;
}

export interface Credentials {
  created_at: Timestamp;
  id: string;
  kind: string;
  label: string | null;
  last_step: Int8 | null;
  last_used_at: Timestamp | null;
  passkey_index: Buffer | null;
  secret_sealed: string;
  sign_count: Int8 | null;
  tenant_id: string;
  updated_at: Timestamp;
  user_id: string;
}

export interface Decisions {
  correlation_id: string;
  decision: string;
  id: string;
  occurred_at: Timestamp;
  permission: string;
  policy_version: string;
  principal_id: string | null;
  reason: string;
  resource: string;
  tenant_id: string;
}

export interface ExternalIdentities {
  connection_id: string;
  connection_tenant_id: string;
  created_at: Timestamp;
  id: string;
  issuer: string;
  linked_by: Generated<string>;
  subject: string;
  tenant_id: string;
  user_id: string;
}

export interface GroupMembers {
  added_at: Timestamp;
  group_id: string;
  principal_id: string;
  tenant_id: string;
}

export interface Groups {
  created_at: Timestamp;
  description: string;
  id: string;
  name: string;
  tenant_id: string;
  updated_at: Timestamp;
}

export interface HeldRoles {
  assignment_id: string | null;
  created_at: Timestamp | null;
  expires_at: Timestamp | null;
  group_id: string | null;
  principal_id: string | null;
  role_id: string | null;
  tenant_id: string | null;
}

export interface Installation {
  created_at: Timestamp;
  id: string;
  index_key_sealed: string | null;
  key_check_sealed: string;
  master_key_since: Timestamp | null;
  only_row: Generated<boolean>;
}

export interface Invitations {
  created_at: Timestamp;
  email: string;
  email_key: string;
  expires_at: Timestamp;
  id: string;
  import_id: string | null;
  invited_by: string;
  invited_by_tenant: string;
  mail_id: string | null;
  sent_at: Timestamp;
  tenant_id: string;
}

export interface LoginIdentifiers {
  email_key: string;
  tenant_id: string;
  user_id: string;
}

export interface LoginRole {
  created_at: Generated<Timestamp>;
  only_row: Generated<boolean>;
  password_sealed: string;
}

export interface LoginThrottles {
  failures: number;
  key: Buffer;
  locked_by: string | null;
  locked_until: Timestamp | null;
  updated_at: Timestamp;
}

export interface Memberships {
  created_at: Timestamp;
  id: string;
  tenant_id: string;
  user_id: string;
  user_tenant_id: string;
}

export interface OneTimeTokens {
  address: Buffer | null;
  amended_at: Timestamp | null;
  consumed_at: Timestamp | null;
  created_at: Timestamp;
  expires_at: Timestamp;
  hash: Buffer;
  id: string;
  payload_sealed: string | null;
  purpose: string;
  subject_id: string | null;
  tenant_id: string;
}

export interface Outbox {
  address: Buffer | null;
  attempts: Generated<number>;
  available_at: Timestamp;
  claimed_until: Timestamp | null;
  correlation_id: string;
  created_at: Timestamp;
  delivered_at: Timestamp | null;
  failed_at: Timestamp | null;
  id: string;
  last_error: string | null;
  payload_sealed: string;
  span_id: string | null;
  tenant_id: string;
  topic: string;
  type: string;
}

export interface PermissionUses {
  permission: string;
  principal_id: string;
  tenant_id: string;
  used_on: Timestamp;
}

export interface Policies {
  created_at: Timestamp;
  description: Generated<string>;
  draft: string;
  id: string;
  in_force: number | null;
  name: string;
  revision: Generated<number>;
  shadow: number | null;
  tenant_id: string;
  updated_at: Timestamp;
}

export interface PolicyVersions {
  created_at: Timestamp;
  document: string;
  policy_id: string;
  published_by: string | null;
  tenant_id: string;
  version: number;
}

export interface Principals {
  created_at: Timestamp;
  epoch: Generated<number>;
  id: string;
  kind: string;
  own_role_ids: Generated<string[]>;
  role_names: Generated<string[]>;
  roles_until: Timestamp | null;
  status: Generated<string>;
  tenant_id: string;
}

export interface RateLimits {
  expire: Int8 | null;
  key: string;
  points: Generated<number>;
}

export interface RememberedDevices {
  created_at: Timestamp;
  expires_at: Timestamp;
  id: string;
  secret_hash: Buffer;
  tenant_id: string;
  user_agent: string;
  user_id: string;
}

export interface Revocations {
  client_id: string | null;
  created_at: Timestamp;
  epoch: number;
  kind: string;
  seq: Generated<Int8>;
  subject_id: string;
  tenant_id: string;
  user_id: string | null;
  xid: Generated<string>;
}

export interface RoleAssignments {
  connection_id: string | null;
  created_at: Timestamp;
  expires_at: Timestamp | null;
  granted_by: string | null;
  granted_by_tenant: string | null;
  id: string;
  principal_id: string;
  role_id: string;
  tenant_id: string;
  via: string;
}

export interface RoleHoldings {
  permission: string | null;
  role_id: string | null;
}

export interface RolePermissions {
  permission: string;
  role_id: string;
  tenant_id: string | null;
}

export interface Roles {
  description: string;
  id: string;
  name: string;
  role_group: string;
  root_only: Generated<boolean>;
  tenant_id: string | null;
  title: string;
}

export interface SamlMessageIds {
  connection_id: string;
  expires_at: Timestamp;
  id_hash: Buffer;
  tenant_id: string;
}

export interface ServiceCalls {
  callee_id: string;
  caller_id: string;
  created_at: Timestamp;
  tenant_id: string;
}

export interface Sessions {
  active_tenant_id: string;
  agent_hash: Buffer;
  amr: string[];
  auth_time: Timestamp;
  client_id: string;
  connection_id: string | null;
  created_at: Timestamp;
  end_reason: string | null;
  ended_at: Timestamp | null;
  epoch: Generated<number>;
  expires_at: Timestamp;
  family_secret_hash: Buffer;
  generation: Generated<number>;
  home_principal_id: string;
  id: string;
  idle_expires_at: Timestamp;
  idle_minutes: number | null;
  ip: string | null;
  last_used_at: Timestamp;
  renewals: Generated<number>;
  renewals_since: Timestamp;
  replays: Generated<number>;
  rotated_at: Timestamp;
  tenant_id: string;
  user_agent: string | null;
  user_id: string;
}

export interface SigningKeys {
  activated_at: Timestamp | null;
  alg: string;
  created_at: Timestamp;
  kid: string;
  private_sealed: string;
  public_jwk: Json;
  purpose: Generated<string>;
  retired_at: Timestamp | null;
  signs_from: Timestamp | null;
  status: string;
  verifies_until: Timestamp | null;
}

export interface SubjectKeys {
  address: Buffer | null;
  created_at: Timestamp;
  erased_at: Timestamp | null;
  key_sealed: string;
  subject_id: string;
  tenant_id: string;
  user_id: string | null;
  user_tenant_id: string | null;
}

export interface TenantDomains {
  challenge: string;
  connection_id: string | null;
  created_at: Timestamp;
  domain: string;
  id: string;
  tenant_id: string;
  verified_at: Timestamp | null;
}

export interface TenantLogos {
  created_at: Timestamp;
  digest: Buffer;
  height: number;
  image: Buffer;
  tenant_id: string;
  width: number;
}

export interface Tenants {
  created_at: Timestamp;
  epoch: Generated<number>;
  id: string;
  name: string;
  name_key: Generated<string>;
  parent_id: string | null;
  settings: Generated<Json>;
  settings_version: Generated<number>;
  slug: string | null;
  status: Generated<string>;
  type: string;
  updated_at: Timestamp;
}

export interface Users {
  created_at: Timestamp;
  email: string;
  email_key: string;
  email_verified_at: Timestamp | null;
  epoch: Generated<number>;
  id: string;
  last_login_at: Timestamp | null;
  name: string;
  name_key: Generated<string>;
  status: string;
  tenant_id: string;
  updated_at: Timestamp;
}

export interface DB {
  anonymous_denials: AnonymousDenials;
  api_keys: ApiKeys;
  audit_keys: AuditKeys;
  audit_records: AuditRecords;
  audit_retention: AuditRetention;
  audit_seals: AuditSeals;
  audit_subtrees: AuditSubtrees;
  audit_trees: AuditTrees;
  audit_unsealed: AuditUnsealed;
  catalog_permissions: CatalogPermissions;
  catalog_services: CatalogServices;
  client_secrets: ClientSecrets;
  clients: Clients;
  closed_invitations: ClosedInvitations;
  connections: Connections;
  consents: Consents;
  credentials: Credentials;
  decisions: Decisions;
  external_identities: ExternalIdentities;
  group_members: GroupMembers;
  groups: Groups;
  held_roles: HeldRoles;
  installation: Installation;
  invitations: Invitations;
  login_identifiers: LoginIdentifiers;
  login_role: LoginRole;
  login_throttles: LoginThrottles;
  memberships: Memberships;
  one_time_tokens: OneTimeTokens;
  outbox: Outbox;
  permission_uses: PermissionUses;
  policies: Policies;
  policy_versions: PolicyVersions;
  principals: Principals;
  rate_limits: RateLimits;
  remembered_devices: RememberedDevices;
  revocations: Revocations;
  role_assignments: RoleAssignments;
  role_holdings: RoleHoldings;
  role_permissions: RolePermissions;
  roles: Roles;
  saml_message_ids: SamlMessageIds;
  service_calls: ServiceCalls;
  sessions: Sessions;
  signing_keys: SigningKeys;
  subject_keys: SubjectKeys;
  tenant_domains: TenantDomains;
  tenant_logos: TenantLogos;
  tenants: Tenants;
  users: Users;
}
