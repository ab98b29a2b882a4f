export { SKEW_MS } from '../providers/proof-time.ts';
/** For so long after it was made an assertion can come; a sign-in is open for as long (`sign-in-attempt.ts`). */
export const LONGEST_AGE_MS = 900_000;
