export { type Act, actOnPerson } from './act-on-person.ts';
export { insertUser, loadHomePrincipal, loadUserByAddress, takeAddress } from './insert-user.repo.ts';
export { lockPerson } from './lock-person.repo.ts';
export { checkUserLimit, withinUserLimit } from './user-limit.ts';
