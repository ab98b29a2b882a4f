export { createMaintenance } from './maintenance.ts';
