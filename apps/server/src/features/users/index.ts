export { actOnUser } from './act-on-user.ts';
export { deleteUserRow } from './users.repo.ts';
export { usersRoutes } from './users.routes.ts';
