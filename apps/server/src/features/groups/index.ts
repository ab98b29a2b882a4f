export { groupMembersRoutes } from './group-members.routes.ts';
export { groupsRoutes } from './groups.routes.ts';
