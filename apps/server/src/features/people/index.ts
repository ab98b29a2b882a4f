export { type Act, actOnPerson } from './act-on-person.ts';
export {
  insertUser,
  listAddressesTaken,
  loadHomePrincipal,
  loadUserByAddress,
  takeAddress,
} from './insert-user.repo.ts';
export { lockPerson } from './lock-person.repo.ts';
export { checkUserLimit, loadUserRoomBeside, withinUserLimit } from './user-limit.ts';
