export { checkHolding } from './check-holding.ts';
export { checkMayAssign } from './check-may-assign.ts';
export { checkMayMap, faultOfGrant } from './check-may-map.ts';
export { mapRoles } from './map-roles.ts';
export { grant } from './grant.ts';
export {
  bumpPrincipal,
  dropUnfoundedRoles,
  grantFirstRole,
  grantOperatorRole,
  loadRoleByName,
  lockAdministrators,
} from './roles.repo.ts';
export { permissionsOf } from './permissions-of.ts';
export { effectivePermissionsRoutes, ownPermissionsRoutes } from './effective-permissions.routes.ts';
export { createPermissionUses, type PermissionUses } from './permission-uses.ts';
export { unusedRoutes } from './unused.routes.ts';
export { recordRefusedGrants } from './refused-grants.ts';
export { roleAssignmentsRoutes } from './role-assignments.routes.ts';
export { rolesRoutes } from './roles.routes.ts';
export { governingBeyond, governingBeyondAuthor, isAuthorStanding, keepAdministrators } from './standing.ts';
export {
  listPermissionsOf,
  listPermissionsOfAuthor,
  listRoleNames,
  roleNamesOfMember,
} from './standing.repo.ts';
