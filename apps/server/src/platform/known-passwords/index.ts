export {
  type BreachedPasswords,
  createBreachedPasswords,
  NO_BREACHED_PASSWORDS,
} from './breached-passwords.ts';
export { type CommonPasswords, loadCommonPasswords } from './popular-passwords.ts';
