export { actOnUser } from './act-on-user.ts';
export { ownActivityRoutes } from './own-activity.routes.ts';
export { ownProfileRoutes } from './own-profile.routes.ts';
export { deleteUserRow } from './users.repo.ts';
export { usersRoutes } from './users.routes.ts';
