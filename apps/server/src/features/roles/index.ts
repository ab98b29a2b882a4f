export { checkMayAssign } from './check-may-assign.ts';
export { grant } from './grant.ts';
export { grantFirstRole, grantOperatorRole } from './roles.repo.ts';
export { recordRefusedGrants } from './refused-grants.ts';
export { roleAssignmentsRoutes } from './role-assignments.routes.ts';
export { rolesRoutes } from './roles.routes.ts';
export { governingBeyond, keepAdministrators } from './standing.ts';
export { roleNamesOfMember } from './standing.repo.ts';
