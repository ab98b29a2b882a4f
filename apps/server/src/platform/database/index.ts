export { createDoors, inNewTenant, type Doors, type Entered, type SystemTx, type TenantTx } from './doors.ts';
export { ensureDatabase, isBoundByRowSecurity, isRole, whyUnreachable } from './probe.ts';
export { ensureLoginPassword, LOGIN_PASSWORD } from './login-role.ts';
export { createCircuit, DatabaseUnavailable } from './circuit.ts';
export { createPool } from './pool.ts';
export { type Ask, createWatch } from './watch.ts';
export { copyIn, copyOut } from './copy.ts';
export { checkMigrated, migrate, migrateForRestore } from './migrate.ts';
export { MigrationError } from './schema-level.ts';
