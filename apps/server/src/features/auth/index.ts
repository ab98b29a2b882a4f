export { authenticate } from './authenticate.ts';
export { setPasswordMail } from './auth.mails.ts';
export { authRoutes } from './auth.routes.ts';
export { createConfiguredAdministrator, isSetupRequired, issueSetupLink } from './first-administrator.ts';
export { throttleKey } from './lockout.ts';
export { checkPasswordsAllowed } from './login.ts';
export { createSessionContexts, type SessionContexts } from './session-contexts.ts';
export { clearThrottle, listLocked } from './throttles.repo.ts';
export { makeAdministrator } from './make-administrator.ts';
