import { v7 } from 'uuid';

declare const brand: unique symbol;
/** A UUID that says what it is the id of, so that a user's id cannot stand in for a tenant's. */
export type IdOf<T extends string> = string & { readonly [brand]: T };

export type TenantId = IdOf<'tenant'>;
export type UserId = IdOf<'user'>;
export type PrincipalId = IdOf<'principal'>;
export type SessionId = IdOf<'session'>;

/** The one internal tenant at the root (db/migrations/0001_core.sql, `root_tenant()`). */
export const ROOT_TENANT = '00000000-0000-7000-8000-000000000001' as TenantId;

/** A new UUID version 7 (RFC 9562 §5.7): sorted by time, so that keys land at the end of their index. */
export const newId = <T extends string>(): IdOf<T> => v7() as IdOf<T>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const isUuid = (text: string): boolean => UUID.test(text);

export const uuidToBytes = (id: string): Buffer => Buffer.from(id.replaceAll('-', ''), 'hex');
export function bytesToUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
