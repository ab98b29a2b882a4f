export { type Act, actOnPerson } from './act-on-person.ts';
export { insertUser, loadHomePrincipal } from './insert-user.repo.ts';
