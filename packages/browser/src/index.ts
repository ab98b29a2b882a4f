/**
 * Sign-in state for front ends: who is signed in, requests that carry the session, and one silent renewal for all
 * waiting requests and all tabs. No framework and no dependencies; it needs `fetch`, and uses `navigator.locks` and
 * `BroadcastChannel` where the browser has them.
 *
 * @packageDocumentation
 */
export { createGatehouse } from './gatehouse.ts';
export type { Gatehouse, GatehouseOptions } from './gatehouse.ts';
export type { Environment } from './environment.ts';
export type {
  AddedFactor,
  MailedProof,
  Me,
  NewTotp,
  PasswordChange,
  Problem,
  RegistrationConfirmation,
  SecondFactorDue,
  SecondFactorProof,
  SignInCredentials,
  SignInProgress,
  SignInState,
  StepUpNeed,
  TotpConfirmation,
} from './messages.ts';
export type { NewPasskey, PasskeySignIn } from './passkeys.ts';
export { ProblemError, readProblem, retryAfterSeconds } from './problem.ts';
