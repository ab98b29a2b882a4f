export { createDoors, inNewTenant, type Doors, type Entered, type SystemTx, type TenantTx } from './doors.ts';
export { ensureDatabase, isBoundByRowSecurity, whyUnreachable } from './probe.ts';
export { ensureLoginPassword, LOGIN_PASSWORD } from './login-role.ts';
export { createPool, DatabaseUnavailable } from './pool.ts';
export { migrate, MigrationError } from './migrate.ts';
