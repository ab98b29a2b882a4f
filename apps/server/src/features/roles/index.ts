export { grant } from './grant.ts';
export { grantFirstRole, grantOperatorRole, lockAdministrators, othersHoldRole } from './roles.repo.ts';
