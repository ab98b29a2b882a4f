import type { TenantId } from '../../platform/ids.ts';

/** Whose key seals a value: a person in their home tenant, or the key of a day for an address that nobody has here. */
export interface Subject {
  readonly tenantId: TenantId;
  readonly id: string;
}

/** A value that speaks of a person. In the record stands its salted hash; the value is sealed under the person's key. */
export class Personal {
  readonly subject: Subject;
  readonly value: string;
  constructor(subject: Subject, value: string) {
    this.subject = subject;
    this.value = value;
  }
}

export const personal = (subject: Subject, value: string | null | undefined): Personal | null =>
  value === null || value === undefined || value === '' ? null : new Personal(subject, value);

/** The state of a thing before or after an act, with its personal values marked. */
export type AuditState = { readonly [field: string]: AuditValue };
type AuditValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | Personal
  | readonly AuditValue[]
  | AuditState;
