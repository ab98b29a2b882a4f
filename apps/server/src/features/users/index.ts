export { insertUser, loadHomePrincipal } from './insert-user.repo.ts';
