export { importUsers } from './import-users.ts';
