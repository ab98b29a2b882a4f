import type { AuditAction } from '@gatehouse/contracts';
import { reveal } from '../search.ts';
import type { RecordLine } from './line.ts';
import { CAREFUL } from './syslog.ts';

interface EventClass {
  class_uid: number;
  class_name: string;
  category_uid: number;
  category_name: string;
}
const iam = (class_uid: number, class_name: string): EventClass => ({
  class_uid,
  class_name,
  category_uid: 3,
  category_name: 'Identity & Access Management',
});
const ACCOUNT_CHANGE = iam(3001, 'Account Change');
const AUTHENTICATION = iam(3002, 'Authentication');
const USER_ACCESS = iam(3005, 'User Access Management');
const API_ACTIVITY: EventClass = {
  class_uid: 6003,
  class_name: 'API Activity',
  category_uid: 6,
  category_name: 'Application Activity',
};

/** Where an action belongs in OCSF 1.3: class, activity and the activity's name. What is not here is an API activity. */
const ACTIVITIES: Partial<Record<AuditAction, readonly [EventClass, number, string]>> = {
  login: [AUTHENTICATION, 1, 'Logon'],
  failed_login: [AUTHENTICATION, 1, 'Logon'],
  logout: [AUTHENTICATION, 2, 'Logoff'],
  session_ended: [AUTHENTICATION, 2, 'Logoff'],
  user_created: [ACCOUNT_CHANGE, 1, 'Create'],
  user_activated: [ACCOUNT_CHANGE, 2, 'Enable'],
  password_changed: [ACCOUNT_CHANGE, 3, 'Password Change'],
  user_suspended: [ACCOUNT_CHANGE, 5, 'Disable'],
  user_deleted: [ACCOUNT_CHANGE, 6, 'Delete'],
  account_locked: [ACCOUNT_CHANGE, 9, 'Lock'],
  account_unlocked: [ACCOUNT_CHANGE, 12, 'Unlock'],
  role_assigned: [USER_ACCESS, 1, 'Assign Privileges'],
  role_removed: [USER_ACCESS, 2, 'Revoke Privileges'],
};

/** A record as an event of the Open Cybersecurity Schema Framework. */
export function ocsfEvent({ entry, personal, hash }: RecordLine, issuer: string): Record<string, unknown> {
  const [eventClass, activity_id, activity_name] =
    ACTIVITIES[entry.action as AuditAction] ??
    ([API_ACTIVITY, apiActivity(entry.action), entry.action] as const);
  const context = reveal(entry.context, personal) as Record<string, string | null>;
  const failed = entry.action === 'failed_login' || entry.action === 'authorization_denied';
  const time = Date.parse(entry.time);
  const person = entry.actor.id !== null && {
    user: { uid: entry.actor.id, ...(context.actor && { email_addr: context.actor, name: context.actor }) },
  };
  return {
    metadata: {
      version: '1.3.0',
      uid: entry.id,
      sequence: entry.seq,
      correlation_uid: entry.correlationId,
      tenant_uid: entry.tenantId,
      log_name: 'audit',
      product: { name: 'Gatehouse', vendor_name: 'Gatehouse', url_string: issuer },
    },
    ...eventClass,
    activity_id,
    activity_name,
    type_uid: eventClass.class_uid * 100 + activity_id,
    time,
    severity_id: CAREFUL.has(entry.action) ? 3 : 1,
    severity: CAREFUL.has(entry.action) ? 'Medium' : 'Informational',
    status_id: failed ? 2 : 1,
    status: failed ? 'Failure' : 'Success',
    actor: { app_name: 'Gatehouse', ...person },
    ...(entry.resource.type === 'user' && entry.resource.id !== null && { user: { uid: entry.resource.id } }),
    ...(eventClass === API_ACTIVITY && {
      api: { operation: entry.action },
      resources: [{ type: entry.resource.type, uid: entry.resource.id }],
    }),
    ...(context.ip && { src_endpoint: { ip: context.ip } }),
    ...(context.userAgent && { http_request: { user_agent: context.userAgent } }),
    unmapped: {
      action: entry.action,
      resource: entry.resource,
      before: reveal(entry.before, personal),
      after: reveal(entry.after, personal),
      hash,
    },
  };
}

/** API Activity: 1 create, 3 update, 4 delete, 99 other. */
function apiActivity(action: string): number {
  if (/_(created|requested)$/.test(action)) return 1;
  if (/_(updated|suspended|activated|changed)$/.test(action)) return 3;
  return action.endsWith('_deleted') ? 4 : 99;
}
